"""What tasks do without anybody's code: inference, tables and models."""
