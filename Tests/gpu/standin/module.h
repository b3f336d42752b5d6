// Programs of the stand-in: images that libnvrtc.so.12 made, loaded as shared objects.
#pragma once
#include "fibers.h"
#include <map>
#include <memory>
#include <vector>

struct Function {
    Kernel kernel;
    std::vector<int> sizes;
    int device;
};

struct Module {
    void *library = nullptr;
    int file = -1, device = 0;
    std::map<std::string, std::unique_ptr<Function>> functions;

    ~Module();

    /// - Parameter image: a cubin, or PTX that ends with 0.
    /// - Parameter arch: of the device, such as 90.
    Status load(const void *image, int arch);

    Status find(const char *name, Function **function);
};
