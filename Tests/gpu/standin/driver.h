// What the stand-in's driver knows: devices, contexts, streams with their commands, and the error that has ended all work.
#pragma once
#include "memory.h"
#include "module.h"
#include <functional>
#include <mutex>
#include <set>

/// The primary context of a device.
struct Context {
    int device = 0, users = 0;
};

/// Commands that nothing has waited for yet.
struct Stream {
    int device = 0;
    std::vector<std::function<Status()>> commands;
};

struct Driver {
    std::mutex lock;
    bool begun = false;
    /// Numbers of the machine's devices, in the order of CUDA_VISIBLE_DEVICES.
    std::vector<int> visible;
    Context contexts[16];
    Memory memory;
    std::set<Stream *> streams;
    std::set<Module *> modules;
    std::set<Function *> functions;
    /// What all calls give from a failed kernel on.
    Status lost = Success;

    int arch() const { return (int)setting("STANDIN_ARCH", 90); }
    std::string identity(int device) const;
    Status begin();

    /// Does a stream's work, or all streams' where there is none.
    Status finish(Stream *stream = nullptr);

    /// Puts a command behind the others; without a stream (the null stream) it is done at once, behind all work.
    Status issue(Stream *stream, std::function<Status()> command);
};

extern Driver driver;
/// Of the calling thread.
extern thread_local Context *current;

/// Holds the driver's lock for one call, and says whether the call may be made.
struct Call {
    std::lock_guard<std::mutex> held{driver.lock};

    /// After cuInit.
    Status begun() const { return driver.begun ? driver.lost : NotInitialized; }

    /// With a context.
    Status ready(const char *name) const {
        if (Status status = begun()) return status;
        if (!current || current->users == 0) return wrong(InvalidContext, "%s: the thread has no current context", name);
        return Success;
    }

    /// With a context and a stream of its.
    Status ready(const char *name, Stream *stream) const {
        if (Status status = ready(name)) return status;
        if (stream && (!driver.streams.count(stream) || stream->device != current->device))
            return wrong(InvalidHandle, "%s: no stream of this context", name);
        return Success;
    }
};

#define ENTRY extern "C" __attribute__((visibility("default"))) int
