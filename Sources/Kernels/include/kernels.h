// The hot loops, with run-time CPU dispatch. Plain C on plain buffers: row-major, no padding, sizes in elements.
#ifndef DEEPXML_KERNELS_H
#define DEEPXML_KERNELS_H
#include <stddef.h>
#include <stdint.h>

#include "xcdata_kernels.h"
#endif
