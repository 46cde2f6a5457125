import { configure } from '@testing-library/react';

// what a page will show is waited for on a busy machine too; by itself the library gives up after a second
configure({ asyncUtilTimeout: 30_000 });
