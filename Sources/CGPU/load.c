#include "load.h"

#include <dlfcn.h>
#include <string.h>

const char *gpu_load(const char *path, const char *const *names, size_t count, size_t required, void *functions) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *error = dlerror();
        return error ? error : path;
    }
    for (size_t i = 0; i < count; i++) {
        void *function = dlsym(library, names[i]);
        if (!function && i < required) return names[i];
        memcpy((char *)functions + i * sizeof function, &function, sizeof function);
    }
    return NULL;
}
