// All kernels, as one program: each file of them is one line here.
#include "kernels.cuh"
