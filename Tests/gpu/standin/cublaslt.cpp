// libcublasLt.so.12: matrix products as `--fast-math` asks for them, and no others. What is described, promised and handed over is checked;
// products are done when the stream of libcuda.so.1, which lies beside, comes to them.
#include "standin.h"
#include <dlfcn.h>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#define ENTRY extern "C" __attribute__((visibility("default")))

namespace {
enum Result : int {
    Done = 0,
    NotStarted = 1,
    AllocFailed = 3,
    Invalid = 7,
    ExecutionFailed = 13,
    NotSupported = 15,
};

/// What of the driver's stand-in is asked.
struct Driver {
    int (*ready)(void *stream) = nullptr;
    int (*holds)(uintptr_t place, size_t bytes) = nullptr;
    int (*issue)(void *stream, void (*work)(void *), void *data) = nullptr;
    int (*lose)() = nullptr;

    Driver() {
        Dl_info own;
        if (!dladdr((void *)&setting, &own) || !own.dli_fname) return;
        std::string path = own.dli_fname;
        void *library = dlopen((path.substr(0, path.rfind('/') + 1) + "libcuda.so.1").c_str(), RTLD_NOW);
        if (!library) return;
        ready = (int (*)(void *))dlsym(library, "standinReady");
        holds = (int (*)(uintptr_t, size_t))dlsym(library, "standinHolds");
        issue = (int (*)(void *, void (*)(void *), void *))dlsym(library, "standinIssue");
        lose = (int (*)())dlsym(library, "standinLose");
    }
} driver;

struct Layout {
    uint64_t rows, cols;
    int64_t ld;
    size_t floats() const { return (cols - 1) * ld + rows; }
    bool operator==(const Layout &other) const { return rows == other.rows && cols == other.cols && ld == other.ld; }
};
struct Operation {
    int transposes_a = 0, transposes_b = 0;
};
/// By number, what was asked.
using Preference = std::map<int, uint64_t>;

/// cublasLtMatmulAlgo_t and cublasLtMatmulHeuristicResult_t.
struct Way {
    uint64_t data[8];
};
struct Found {
    Way way;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};
const uint64_t way_mark = 0x73746E64696E4C74;

std::mutex lock;
std::set<void *> handles, operations, layouts, preferences;

template <typename T> int make(std::set<void *> &all, void **place, T value) {
    all.insert(*place = new T(value));
    return Done;
}
template <typename T> int end(std::set<void *> &all, void *place, const char *what) {
    if (!all.erase(place)) return wrong(InvalidValue, "%s is destroyed that is not there", what), Invalid;
    delete (T *)place;
    return Done;
}
template <typename... P> int refuse(const char *format, P... parts) {
    std::string text = std::string("cublasLt: ") + format;
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
#pragma clang diagnostic ignored "-Wformat-security"
    wrong(InvalidValue, text.c_str(), parts...);
#pragma clang diagnostic pop
    return Invalid;
}

/// m × n × k of the product, checked against all layouts.
struct Shape {
    uint64_t m, n, k;
    bool fits;
    Shape(const Operation &o, const Layout &a, const Layout &b, const Layout &c, const Layout &d) {
        m = o.transposes_a ? a.cols : a.rows, k = o.transposes_a ? a.rows : a.cols;
        n = o.transposes_b ? b.rows : b.cols;
        fits = (o.transposes_b ? b.cols : b.rows) == k && c.rows == m && c.cols == n && c == d;
    }
};

/// What a way is for.
Way way_of(const Operation &o, const Layout &a, const Layout &b, const Layout &c, const Preference &p) {
    uint64_t alignments = 0;
    for (int i = 5; i <= 8; i++) alignments = alignments * 512 + (p.count(i) ? p.at(i) : 256);
    Shape shape(o, a, b, c, c);
    return {{way_mark, shape.m, shape.n, shape.k, (uint64_t)(a.ld << 32 | b.ld), (uint64_t)c.ld, alignments,
             (uint64_t)(o.transposes_a * 2 + o.transposes_b)}};
}

float rounded(float x) {
    unsigned bits = __builtin_bit_cast(unsigned, x);
    bits = x != x ? 0x7FFF0000 : (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000;
    return __builtin_bit_cast(float, bits);
}

struct Product {
    Operation operation;
    Layout a, b, c;
    const float *from_a, *from_b;
    float *to;
    float own;

    /// Vectors of an operand, each with its k numbers side by side.
    static std::vector<float> packed(const float *x, const Layout &layout, bool numbers_are_rows, uint64_t count, uint64_t k) {
        std::vector<float> made(count * k);
        for (uint64_t v = 0; v < count; v++)
            for (uint64_t d = 0; d < k; d++)
                made[v * k + d] = rounded(numbers_are_rows ? x[d + v * layout.ld] : x[v + d * layout.ld]);
        return made;
    }

    void run() const {
        Shape shape(operation, a, b, c, c);
        auto left = packed(from_a, a, operation.transposes_a, shape.m, shape.k);
        auto right = packed(from_b, b, !operation.transposes_b, shape.n, shape.k);
        for (uint64_t j = 0; j < shape.n; j++)
            for (uint64_t i = 0; i < shape.m; i++) {
                const float *x = &left[i * shape.k], *y = &right[j * shape.k];
                float parts[8] = {}, total = 0;
                uint64_t d = 0;
                for (; d + 8 <= shape.k; d += 8)
                    for (int l = 0; l < 8; l++) parts[l] = __builtin_fmaf(x[d + l], y[d + l], parts[l]);
                for (; d < shape.k; d++) total = __builtin_fmaf(x[d], y[d], total);
                for (float part : parts) total += part;
                float &place = to[i + j * c.ld];
                place = own == 0 ? total : own * place + total;
            }
    }
};

bool is_aligned(const void *place, uint64_t alignment) { return alignment && (uintptr_t)place % alignment == 0; }
bool holds(const void *place, size_t floats) { return driver.holds((uintptr_t)place, 4 * floats); }
} // namespace

ENTRY size_t cublasLtGetVersion() { return (size_t)setting("STANDIN_CUBLASLT_VERSION", 120805); }

ENTRY int cublasLtCreate(void **handle) {
    std::lock_guard held(lock);
    if (fault("STANDIN_CUBLASLT_NO_START")) return NotStarted;
    if (!driver.issue || driver.ready(nullptr)) return NotStarted;
    return make(handles, handle, 1);
}

ENTRY int cublasLtDestroy(void *handle) {
    std::lock_guard held(lock);
    return end<int>(handles, handle, "a handle");
}

ENTRY int cublasLtMatmulDescCreate(void **operation, int compute, int scale) {
    std::lock_guard held(lock);
    if (compute != 75 || scale != 0) return refuse("compute type %d, scale type %d", compute, scale);
    return make(operations, operation, Operation());
}

ENTRY int cublasLtMatmulDescDestroy(void *operation) {
    std::lock_guard held(lock);
    return end<Operation>(operations, operation, "an operation");
}

ENTRY int cublasLtMatmulDescSetAttribute(void *operation, int attribute, const void *value, size_t bytes) {
    std::lock_guard held(lock);
    if (!operations.count(operation) || !value || bytes != 4 || (attribute != 3 && attribute != 4))
        return refuse("attribute %d of an operation, %zu bytes", attribute, bytes);
    int given = *(const int *)value;
    if (given != 0 && given != 1) return refuse("transposition %d", given);
    (attribute == 3 ? ((Operation *)operation)->transposes_a : ((Operation *)operation)->transposes_b) = given;
    return Done;
}

ENTRY int cublasLtMatrixLayoutCreate(void **layout, int type, uint64_t rows, uint64_t cols, int64_t ld) {
    std::lock_guard held(lock);
    if (type != 0 || rows == 0 || cols == 0 || ld < (int64_t)rows || rows > INT32_MAX || cols > INT32_MAX)
        return refuse("a layout of type %d, %zu × %zu, leading dimension %ld", type, (size_t)rows, (size_t)cols, (long)ld);
    return make(layouts, layout, Layout{rows, cols, ld});
}

ENTRY int cublasLtMatrixLayoutDestroy(void *layout) {
    std::lock_guard held(lock);
    return end<Layout>(layouts, layout, "a layout");
}

ENTRY int cublasLtMatmulPreferenceCreate(void **preference) {
    std::lock_guard held(lock);
    return make(preferences, preference, Preference());
}

ENTRY int cublasLtMatmulPreferenceDestroy(void *preference) {
    std::lock_guard held(lock);
    return end<Preference>(preferences, preference, "a preference");
}

ENTRY int cublasLtMatmulPreferenceSetAttribute(void *preference, int attribute, const void *value, size_t bytes) {
    std::lock_guard held(lock);
    bool is_known = attribute == 1 || attribute == 3 || (attribute >= 5 && attribute <= 8);
    if (!preferences.count(preference) || !value || !is_known || bytes != (attribute == 1 ? 8 : 4))
        return refuse("attribute %d of a preference, %zu bytes", attribute, bytes);
    uint64_t given = 0;
    memcpy(&given, value, bytes);
    if (attribute >= 5 && (given == 0 || given > 256 || (given & (given - 1)))) return refuse("alignment %zu", (size_t)given);
    (*(Preference *)preference)[attribute] = given;
    return Done;
}

/// A sum of more than 64 products is cut, and asks for memory.
static size_t workspace_of(uint64_t k) { return k > 64 ? 1 << 20 : 0; }

ENTRY int cublasLtMatmulAlgoGetHeuristic(void *handle, void *operation, void *a, void *b, void *c, void *d, void *preference,
                                         int wanted, Found *found, int *count) {
    std::lock_guard held(lock);
    if (!handles.count(handle) || !operations.count(operation) || !preferences.count(preference) || wanted < 1)
        return refuse("a way is asked for with something that is not there");
    for (void *layout : {a, b, c, d})
        if (!layouts.count(layout)) return refuse("a way is asked for with a layout that is not there");
    *count = 0;
    auto &o = *(Operation *)operation;
    auto &p = *(Preference *)preference;
    Shape shape(o, *(Layout *)a, *(Layout *)b, *(Layout *)c, *(Layout *)d);
    if (!shape.fits) return refuse("matrices that do not fit");
    if (!p.count(3) || p[3] & 1) return refuse("parts of sums that meet in place");
    static long asked = 0;
    long at = fault("STANDIN_CUBLASLT_REFUSE");
    if (at && ++asked >= at) return NotSupported;
    size_t workspace = workspace_of(shape.k);
    if (workspace > (p.count(1) ? p[1] : 0)) return NotSupported;
    *found = Found{way_of(o, *(Layout *)a, *(Layout *)b, *(Layout *)c, p), workspace, Done, 1, {}};
    *count = 1;
    return Done;
}

ENTRY int cublasLtMatmul(void *handle, void *operation, const float *alpha, const void *a, void *a_layout, const void *b,
                         void *b_layout, const float *beta, const void *c, void *c_layout, void *d, void *d_layout,
                         const Way *way, void *workspace, size_t workspace_bytes, void *stream) {
    std::lock_guard held(lock);
    if (driver.ready(stream)) return ExecutionFailed;
    if (!handles.count(handle) || !operations.count(operation)) return refuse("a product with something that is not there");
    for (void *layout : {a_layout, b_layout, c_layout, d_layout})
        if (!layouts.count(layout)) return refuse("a product with a layout that is not there");
    auto &o = *(Operation *)operation;
    auto &la = *(Layout *)a_layout, &lb = *(Layout *)b_layout, &lc = *(Layout *)c_layout;
    if (c != d || !(lc == *(Layout *)d_layout)) return refuse("a product out of place");
    Preference promised;
    for (int i = 8, shift = 0; i >= 5; i--, shift += 9) promised[i] = way->data[6] >> shift & 511;
    Way own = way_of(o, la, lb, lc, promised);
    if (memcmp(&own, way, sizeof own)) return refuse("a way that was chosen for another product");
    if (!is_aligned(a, promised[5]) || !is_aligned(b, promised[6]) || !is_aligned(c, promised[7]) || !is_aligned(d, promised[8]))
        return refuse("matrices that are not aligned as was promised");
    if (!holds(a, la.floats()) || !holds(b, lb.floats()) || !holds(c, lc.floats()))
        return refuse("a matrix that is not within memory of the device");
    size_t needed = workspace_of(own.data[3]);
    if (workspace_bytes < needed || (needed && (!holds(workspace, needed / 4) || !is_aligned(workspace, 256))))
        return refuse("a workspace of %zu bytes where %zu are needed", workspace_bytes, needed);
    if (*alpha != 1 || (*beta != 0 && *beta != 1)) return refuse("α %g and β %g", *alpha, *beta);
    static long products = 0;
    products++;
    if (products == fault("STANDIN_CUBLASLT_REFUSE_LATE")) return NotSupported;
    if (products == fault("STANDIN_CUBLASLT_FAIL")) return driver.lose(), ExecutionFailed;
    auto product = new Product{o, la, lb, lc, (const float *)a, (const float *)b, (float *)d, *beta};
    int status = driver.issue(stream, [](void *data) {
        auto product = (Product *)data;
        product->run();
        delete product;
    }, product);
    return status ? ExecutionFailed : Done;
}
