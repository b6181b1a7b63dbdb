// Every kernel, as one piece for the compiler.
#include "linear.cu"
#include "pack.cu"
#include "rows.cu"
