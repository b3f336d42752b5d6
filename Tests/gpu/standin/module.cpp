#include "module.h"
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

/// The bytes of PTX's digits; empty where they are none.
static std::vector<unsigned char> of_digits(const char *text) {
    auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
    std::vector<unsigned char> bytes;
    for (; digit(text[0]) >= 0 && digit(text[1]) >= 0; text += 2) bytes.push_back(digit(text[0]) << 4 | digit(text[1]));
    return bytes;
}

Status Module::load(const void *image, int arch) {
    std::vector<unsigned char> decoded;
    bool is_text = !strncmp((const char *)image, ptx_mark.c_str(), ptx_mark.size());
    if (is_text) {
        decoded = of_digits((const char *)image + ptx_mark.size());
        if (decoded.size() < sizeof(ImageHeader)) return InvalidPTX;
        image = decoded.data();
    }
    ImageHeader header;
    memcpy(&header, image, sizeof header);
    if (memcmp(header.mark, image_mark, sizeof header.mark)) return InvalidImage;
    if (is_text && decoded.size() != sizeof header + header.bytes) return InvalidPTX;
    const char *object = (const char *)image + sizeof header;
    if (hash_of(object, header.bytes) != header.hash) return InvalidImage;
    int made_for = (int)header.arch;
    // PTX is for what is as new, or newer; a cubin for one major number alone.
    if (made_for > arch || (!header.is_ptx && made_for / 10 != arch / 10)) return NoBinaryForGPU;
    file = memfd_create("kernels", MFD_CLOEXEC);
    if (file < 0 || write(file, object, header.bytes) != (ssize_t)header.bytes) return OutOfMemory;
    // The file stays open: the loader knows libraries by their names, and no other may get this one's.
    library = dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return wrong(InvalidImage, "%s", dlerror());
    auto barrier = (void (**)())dlsym(library, "standin_barrier"), meet = (void (**)())dlsym(library, "standin_meet");
    // From another stand-in's compiler, by way of a cache: to be compiled again.
    if (!barrier || !meet) return InvalidImage;
    *barrier = fiber_barrier;
    *meet = fiber_meet;
    return Success;
}

Status Module::find(const char *name, Function **function) {
    auto &slot = functions[name];
    if (!slot) {
        auto call = (void (*)(void **))dlsym(library, ("standin_call_" + std::string(name)).c_str());
        auto arguments = (int (*)(int *))dlsym(library, ("standin_arguments_" + std::string(name)).c_str());
        auto shared = (char *(*)(long *))dlsym(library, "standin_shared_memory");
        if (!call || !arguments || !shared) {
            functions.erase(name);
            return NotFound;
        }
        slot = std::make_unique<Function>();
        slot->device = device;
        slot->sizes.resize(arguments(nullptr));
        arguments(slot->sizes.data());
        Kernel &kernel = slot->kernel;
        kernel = {name, call, (Place *)dlsym(library, "standin_here"), nullptr, 0};
        kernel.shared = shared(&kernel.shared_bytes);
    }
    *function = slot.get();
    return Success;
}

Module::~Module() {
    if (library) dlclose(library);
    if (file >= 0) close(file);
}
