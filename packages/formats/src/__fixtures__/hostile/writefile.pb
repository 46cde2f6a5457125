

n	WriteFile