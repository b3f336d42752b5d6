// Device memory of the stand-in: pages of the host with fences around them, and pinned host memory.
#pragma once
#include "standin.h"
#include <map>
#include <sys/mman.h>

struct Block {
    char *pages;
    size_t mapped, bytes;
    int device;
};

struct Memory {
    std::map<uintptr_t, Block> blocks;
    std::map<uintptr_t, size_t> pinned;
    size_t used[16] = {};
    static constexpr size_t page = 4096, alignment = 256;
    static constexpr unsigned char fence = 0xA5;

    static size_t total() { return (size_t)setting("STANDIN_MEMORY", 4l << 30); }
    static size_t busy() { return (size_t)setting("STANDIN_BUSY", 0); }

    static size_t rounded(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

    /// The end is at a page that may not be touched; any NaN is in it, and any index is out of range.
    Status allocate(uintptr_t *place, size_t bytes, int device) {
        static long count = 0;
        if (bytes == 0) return InvalidValue;
        size_t room = rounded(bytes, alignment);
        long at = fault("STANDIN_FAIL_ALLOC");
        if ((at && ++count >= at) || busy() + used[device] + room > total()) return OutOfMemory;
        size_t mapped = rounded(room, page) + 2 * page;
        char *pages = (char *)mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED || mprotect(pages + page, mapped - 2 * page, PROT_READ | PROT_WRITE)) return OutOfMemory;
        char *start = pages + mapped - page - room;
        memset(start, 0xFF, bytes);
        memset(start + bytes, fence, room - bytes);
        *place = (uintptr_t)start;
        blocks[*place] = Block{pages, mapped, bytes, device};
        used[device] += room;
        return Success;
    }

    Status free(uintptr_t place) {
        auto found = blocks.find(place);
        if (found == blocks.end()) return wrong(InvalidValue, "memory is freed that is not there");
        Block block = found->second;
        size_t room = rounded(block.bytes, alignment);
        for (size_t i = block.bytes; i < room; i++)
            if (((unsigned char *)place)[i] != fence)
                return wrong(IllegalAddress, "byte %zu of memory of %zu bytes was written", i, block.bytes);
        munmap(block.pages, block.mapped);
        used[block.device] -= room;
        blocks.erase(found);
        return Success;
    }

    /// Whether the bytes are within one block of the device.
    bool holds(uintptr_t place, size_t bytes, int device) const {
        auto found = blocks.upper_bound(place);
        if (found == blocks.begin()) return false;
        --found;
        return found->second.device == device && place + bytes <= found->first + found->second.bytes;
    }

    bool is_pinned(const void *host) const {
        auto found = pinned.upper_bound((uintptr_t)host);
        if (found == pinned.begin()) return false;
        --found;
        return (uintptr_t)host < found->first + found->second;
    }

    Status pin(void **host, size_t bytes) {
        if (bytes == 0 || posix_memalign(host, page, rounded(bytes, page))) return OutOfMemory;
        pinned[(uintptr_t)*host] = bytes;
        return Success;
    }

    Status unpin(void *host) {
        if (!pinned.erase((uintptr_t)host)) return wrong(InvalidValue, "host memory is freed that is not there");
        ::free(host);
        return Success;
    }
};
