// The hot loops, with run-time CPU dispatch. Plain C on plain buffers: row-major, sizes in elements, rows padded with
// zeros to a multiple of 16 floats ("ld") where a function says so.
#ifndef DEEPXML_KERNELS_H
#define DEEPXML_KERNELS_H
#include <stddef.h>
#include <stdint.h>

#include "bf16_kernels.h"
#include "layers_kernels.h"
#include "linear_kernels.h"
#include "philox.h"
#include "search_kernels.h"
#include "training_kernels.h"
#include "transformer_kernels.h"

#endif
