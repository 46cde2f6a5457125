

nEagerPyFunc