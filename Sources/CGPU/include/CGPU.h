// What the GPU devices need of C: the drivers' functions, found at run time, and the texts of the kernels.
#ifndef DEEPXML_CGPU_H
#define DEEPXML_CGPU_H
#include "cublaslt_api.h"
#include "cuda_api.h"
#include "kernel_texts.h"
#include "opencl_api.h"
#endif
