// libcuda.so.1: streams, copies and launches. A command is done when something waits for it: what of the host it reads or writes has to be
// there until then, as on a device.
#include "driver.h"

Status Driver::finish(Stream *stream) {
    for (Stream *each : streams) {
        if (stream && each != stream) continue;
        for (auto &command : each->commands)
            if (lost == Success) lost = command();
        each->commands.clear();
    }
    return lost;
}

Status Driver::issue(Stream *stream, std::function<Status()> command) {
    if (!stream) {
        if (Status status = finish()) return status;
        return lost = command();
    }
    stream->commands.push_back(std::move(command));
    // What a queue of a device holds.
    return stream->commands.size() < 1024 ? Success : finish(stream);
}

ENTRY cuStreamCreate(Stream **stream, unsigned) {
    Call call;
    if (Status status = call.ready("cuStreamCreate")) return status;
    driver.streams.insert(*stream = new Stream{current->device, {}});
    return Success;
}

ENTRY cuStreamDestroy_v2(Stream *stream) {
    Call call;
    if (Status status = call.ready("cuStreamDestroy", stream)) return status;
    if (!stream) return InvalidHandle;
    Status status = driver.finish(stream);
    driver.streams.erase(stream);
    delete stream;
    return status;
}

ENTRY cuStreamSynchronize(Stream *stream) {
    Call call;
    if (Status status = call.ready("cuStreamSynchronize", stream)) return status;
    return driver.finish(stream);
}

static Status checked(const char *name, uintptr_t place, size_t bytes) {
    if (driver.memory.holds(place, bytes, current->device)) return Success;
    return wrong(InvalidValue, "%s: %zu bytes at %p are not within memory of the device", name, bytes, (void *)place);
}

/// From pageable memory the bytes are taken at once, from pinned memory when the stream comes to it.
ENTRY cuMemcpyHtoDAsync_v2(uintptr_t to, const void *from, size_t bytes, Stream *stream) {
    Call call;
    if (Status status = call.ready("cuMemcpyHtoDAsync", stream)) return status;
    if (Status status = checked("cuMemcpyHtoDAsync", to, bytes)) return status;
    if (driver.memory.is_pinned(from)) return driver.issue(stream, [=] { return memcpy((void *)to, from, bytes), Success; });
    return driver.issue(stream, [to, copy = std::string((const char *)from, bytes)] {
        memcpy((void *)to, copy.data(), copy.size());
        return Success;
    });
}

/// To pageable memory the call waits, to pinned memory it does not.
ENTRY cuMemcpyDtoHAsync_v2(void *to, uintptr_t from, size_t bytes, Stream *stream) {
    Call call;
    if (Status status = call.ready("cuMemcpyDtoHAsync", stream)) return status;
    if (Status status = checked("cuMemcpyDtoHAsync", from, bytes)) return status;
    bool waits = !driver.memory.is_pinned(to);
    if (Status status = driver.issue(stream, [=] { return memcpy(to, (void *)from, bytes), Success; })) return status;
    return waits ? driver.finish(stream) : Success;
}

ENTRY cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t bytes, Stream *stream) {
    Call call;
    if (Status status = call.ready("cuMemcpyDtoDAsync", stream)) return status;
    if (Status status = checked("cuMemcpyDtoDAsync, from", from, bytes)) return status;
    if (Status status = checked("cuMemcpyDtoDAsync, to", to, bytes)) return status;
    if (from < to + bytes && to < from + bytes) return wrong(InvalidValue, "cuMemcpyDtoDAsync: the parts overlap");
    return driver.issue(stream, [=] { return memcpy((void *)to, (void *)from, bytes), Success; });
}

ENTRY cuMemsetD8Async(uintptr_t to, unsigned char value, size_t count, Stream *stream) {
    Call call;
    if (Status status = call.ready("cuMemsetD8Async", stream)) return status;
    if (Status status = checked("cuMemsetD8Async", to, count)) return status;
    return driver.issue(stream, [=] { return memset((void *)to, value, count), Success; });
}

ENTRY cuMemsetD32Async(uintptr_t to, unsigned value, size_t count, Stream *stream) {
    Call call;
    if (Status status = call.ready("cuMemsetD32Async", stream)) return status;
    if (to % 4) return wrong(InvalidValue, "cuMemsetD32Async: %p is no place of a word", (void *)to);
    if (Status status = checked("cuMemsetD32Async", to, 4 * count)) return status;
    return driver.issue(stream, [=] {
        for (size_t i = 0; i < count; i++) ((unsigned *)to)[i] = value;
        return Success;
    });
}

/// The arguments are read now, the kernel runs when the stream comes to it.
ENTRY cuLaunchKernel(void *handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                     unsigned shared, Stream *stream, void **parameters, void **extra) {
    Call call;
    if (Status status = call.ready("cuLaunchKernel", stream)) return status;
    static long launches = 0;
    launches++;
    if (long at = fault("STANDIN_LOST"); at && launches >= at) return driver.lost = Unknown;
    auto function = (Function *)handle;
    if (!driver.functions.count(function) || function->device != current->device)
        return wrong(InvalidHandle, "cuLaunchKernel: no kernel of this context");
    const Kernel &kernel = function->kernel;
    Extent grid = {gx, gy, gz}, block = {bx, by, bz};
    if (shared || extra)
        return wrong(InvalidValue, "%s: dynamic shared memory and `extra` are not stood in for", kernel.name.c_str());
    if (!grid.count() || !block.count() || gx > 0x7FFFFFFF || gy > 65535 || gz > 65535 || bz > 64 || block.count() > 1024)
        return wrong(InvalidValue, "%s: a grid of (%u, %u, %u) blocks of (%u, %u, %u)", kernel.name.c_str(), gx, gy, gz, bx, by,
                     bz);
    if (launches == fault("STANDIN_FAIL_LAUNCH")) return driver.issue(stream, [] { return LaunchFailed; });
    // Each argument has a place of eight bytes.
    std::vector<uint64_t> values(function->sizes.size());
    for (size_t i = 0; i < values.size(); i++) memcpy(&values[i], parameters[i], function->sizes[i]);
    return driver.issue(stream, [=]() mutable {
        std::vector<void *> places;
        for (auto &value : values) places.push_back(&value);
        return run_kernel(function->kernel, grid, block, places.data());
    });
}
