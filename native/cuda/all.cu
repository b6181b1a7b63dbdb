// All kernels, as one program: each file of them is one line here.
#include "attend.cu"
#include "ceiling.cu"
#include "choose.cu"
#include "linear.cu"
#include "pack.cu"
#include "rows.cu"
