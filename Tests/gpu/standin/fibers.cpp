#include "fibers.h"
#include <algorithm>
#include <csignal>
#include <sys/mman.h>
#include <vector>

// fiber_switch(void **save, void *go): keeps the registers that a call keeps on this stack, notes its end, and goes on on the other.
extern "C" void fiber_switch(void **save, void *go);
#if defined(__x86_64__)
asm(R"(
.text
.globl fiber_switch
.hidden fiber_switch
.type fiber_switch, @function
fiber_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size fiber_switch, .-fiber_switch
)");
static const int kept = 6;
#elif defined(__aarch64__)
asm(R"(
.text
.globl fiber_switch
.hidden fiber_switch
.type fiber_switch, %function
fiber_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
.size fiber_switch, .-fiber_switch
)");
#else
#error "the stand-in's fibers know x86-64 and aarch64"
#endif

namespace {
/// Stacks are not a power of two apart, so that their ends do not share the cache's few lines of one place.
constexpr size_t stack_bytes = 65536 + 704, most_threads = 1024;

enum class State { Waits, Meets, Ended, Faulted };

struct Fiber {
    void *stack;
    unsigned thread;
    State state = State::Ended;
};

struct Runner {
    const Kernel *kernel = nullptr;
    void **arguments = nullptr;
    void *scheduler = nullptr;
    Fiber *current = nullptr;
    State state = State::Ended;
    char *stacks = nullptr;
    struct sigaction before[2] = {};
    const void *touched = nullptr;
} runner;

/// Whether this thread runs a kernel.
thread_local volatile bool inside = false;

void fiber_body() {
    for (;;) {
        runner.kernel->call(runner.arguments);
        runner.state = State::Ended;
        fiber_switch(&runner.current->stack, runner.scheduler);
    }
}

/// A stack on which `fiber_body` is about to begin.
void *fresh(size_t number) {
    auto end = (uintptr_t)(runner.stacks + (number + 1) * stack_bytes) & ~(uintptr_t)15;
#if defined(__x86_64__)
    void **top = (void **)end - 2;
    top[0] = (void *)fiber_body;
    top[1] = nullptr;
    return top - kept;
#else
    void **top = (void **)(end - 160);
    memset(top, 0, 160);
    top[11] = (void *)fiber_body;
    return top;
#endif
}

/// A kernel that touches memory that is not there: its fiber is left as it is.
void on_fault(int signal, siginfo_t *info, void *) {
    if (!inside) {
        sigaction(signal, &runner.before[signal == SIGBUS], nullptr);
        return;
    }
    runner.touched = info->si_addr;
    runner.state = State::Faulted;
    void *left;
    fiber_switch(&left, runner.scheduler);
}

/// Goes on with a fiber until it waits at a barrier or for its warp, or ends.
State resume(Fiber &fiber) {
    const Extent size = runner.kernel->here->block_size;
    runner.kernel->here->thread = {fiber.thread % size.x, fiber.thread / size.x % size.y, fiber.thread / size.x / size.y};
    runner.current = &fiber;
    inside = true;
    fiber_switch(&runner.scheduler, fiber.stack);
    inside = false;
    return fiber.state = runner.state;
}

Status fell(const char *why, unsigned thread) {
    const Extent at = runner.kernel->here->block;
    return wrong(LaunchFailed, "kernel %s, block (%u, %u, %u), thread %u: %s", runner.kernel->name.c_str(), at.x, at.y, at.z,
                 thread, why);
}

Status touched(unsigned thread) {
    fell("touched memory that is not there", thread);
    return IllegalAddress;
}

/// The threads of a warp that still run, from exchange to exchange, until they wait at a barrier or end.
Status run_warp(Fiber *begin, Fiber *end, bool &ended) {
    while (begin < end && begin->state == State::Meets) {
        if (end - begin != 32) return fell("waits for threads of its warp that have ended", begin->thread);
        for (Fiber *each = begin; each < end; each++)
            if (each->state != State::Meets) return fell("does not come to the exchange of its warp", each->thread);
        for (Fiber *each = begin; each < end; each++)
            if (resume(*each) == State::Faulted) return touched(each->thread);
    }
    for (Fiber *each = begin; each < end; each++) {
        if (each->state == State::Meets) return fell("waits for threads of its warp that do not come", each->thread);
        ended |= each->state == State::Ended;
    }
    return Success;
}

/// The first threads of a block until they wait at a barrier. One that ends without leaves its stack to the next.
Status begin_block(unsigned long threads, bool backwards, std::vector<Fiber> &running, bool &ended) {
    running.clear();
    Fiber fiber = {fresh(0), 0};
    for (unsigned i = 0; i < threads;) {
        size_t first = running.size();
        unsigned warp = i / 32 * 32 + 32 < threads ? 32 : threads - i / 32 * 32;
        for (unsigned end = i + warp; i < end; i++) {
            fiber.thread = backwards ? threads - 1 - i : i;
            State state = resume(fiber);
            if (state == State::Faulted) return touched(fiber.thread);
            if (state == State::Ended) {
                ended = true;
                continue;
            }
            running.push_back(fiber);
            fiber.stack = fresh(running.size());
        }
        if (Status status = run_warp(running.data() + first, running.data() + running.size(), ended)) return status;
    }
    return Success;
}

/// All threads from barrier to barrier.
Status run_block(unsigned long threads, bool backwards, std::vector<Fiber> &running) {
    bool ended = false;
    if (Status status = begin_block(threads, backwards, running, ended)) return status;
    while (!running.empty()) {
        bool waits = false;
        for (Fiber &each : running) waits |= each.state == State::Waits;
        if (!waits) break;
        if (ended) return fell("waits at a barrier that others never reach", running[0].thread);
        for (size_t first = 0; first < running.size(); first += 32) {
            Fiber *begin = running.data() + first, *end = running.data() + std::min(first + 32, running.size());
            for (Fiber *each = begin; each < end; each++)
                if (resume(*each) == State::Faulted) return touched(each->thread);
            if (Status status = run_warp(begin, end, ended)) return status;
        }
    }
    return Success;
}
} // namespace

void fiber_barrier() {
    runner.state = State::Waits;
    fiber_switch(&runner.current->stack, runner.scheduler);
}

void fiber_meet() {
    runner.state = State::Meets;
    fiber_switch(&runner.current->stack, runner.scheduler);
}

Status run_kernel(const Kernel &kernel, Extent grid, Extent block, void **arguments) {
    if (!runner.stacks)
        runner.stacks = (char *)mmap(nullptr, (most_threads + 1) * stack_bytes, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &runner.before[0]);
    sigaction(SIGBUS, &action, &runner.before[1]);
    runner.kernel = &kernel;
    runner.arguments = arguments;
    const char *order = getenv("STANDIN_ORDER");
    bool backwards = order && !strcmp(order, "reverse");
    std::vector<Fiber> waiting;
    waiting.reserve(block.count());
    Status status = Success;
    for (unsigned long i = 0; i < grid.count() && status == Success; i++) {
        unsigned long number = backwards ? grid.count() - 1 - i : i;
        Extent at = {(unsigned)(number % grid.x), (unsigned)(number / grid.x % grid.y), (unsigned)(number / grid.x / grid.y)};
        *kernel.here = Place{{0, 0, 0}, at, block, grid};
        memset(kernel.shared, 0xFF, kernel.shared_bytes);
        status = run_block(block.count(), backwards, waiting);
    }
    sigaction(SIGSEGV, &runner.before[0], nullptr);
    sigaction(SIGBUS, &runner.before[1], nullptr);
    return status;
}
