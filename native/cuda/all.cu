// Every kernel, as one piece for the compiler.
#include "attend.cu"
#include "linear.cu"
#include "pack.cu"
#include "rows.cu"
