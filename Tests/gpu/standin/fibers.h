// Runs one kernel on the CPU: block after block, the threads of a block as fibers that change at barriers.
#pragma once
#include "standin.h"

struct Extent {
    unsigned x, y, z;
    unsigned long count() const { return (unsigned long)x * y * z; }
};

/// As in kernel.h.
struct Place {
    Extent thread, block, block_size, grid_size;
};

/// A kernel of a loaded program.
struct Kernel {
    std::string name;
    void (*call)(void **arguments);
    Place *here;
    char *shared;
    long shared_bytes;
};

/// What the kernels of a program call at a barrier.
void fiber_barrier();
/// And where the threads of a warp exchange what they hold.
void fiber_meet();

/// - Returns: IllegalAddress where it touches memory that is not there; LaunchFailed where the threads of a block meet different numbers
///   of barriers, or those of a warp different numbers of exchanges.
Status run_kernel(const Kernel &kernel, Extent grid, Extent block, void **arguments);
