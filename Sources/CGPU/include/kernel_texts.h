// The texts of Sources/CGPU/Kernels, in the program: they are compiled where they run, by the driver of the device.
#ifndef DEEPXML_KERNEL_TEXTS_H
#define DEEPXML_KERNEL_TEXTS_H

/// The text of a file in Kernels (`elementwise.cl`); NULL where there is none of that name.
const char *gpu_kernel_text(const char *file);
#endif
