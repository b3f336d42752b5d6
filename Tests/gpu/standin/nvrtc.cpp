// libnvrtc.so.12: compiles kernels for the CPU, by the clang++ that `build` found. A program's name, where it holds that of
// STANDIN_COMPILE_ERROR, makes it fail.
#include "assembly.h"
#include "standin.h"
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#define ENTRY extern "C" __attribute__((visibility("default")))
extern char **environ;

namespace {
enum Result : int { Done = 0, InvalidInput = 3, InvalidProgram = 4, InvalidOption = 5, CompilationFailed = 6, Internal = 11 };

const std::vector<int> archs = {50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90};

struct Program {
    std::string text, name, log, image;
    int arch = 52;
    bool is_ptx = false;
};

std::string content(const std::string &path) {
    std::string bytes;
    FILE *file = fopen(path.c_str(), "rb");
    if (!file) return bytes;
    char part[65536];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;) bytes.append(part, n);
    fclose(file);
    return bytes;
}

bool write(const std::string &path, const std::string &bytes) {
    FILE *file = fopen(path.c_str(), "wb");
    if (!file) return false;
    bool whole = fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    return fclose(file) == 0 && whole;
}

/// The flags of the compiler that an option of NVRTC's stands for.
Result understand(const std::string &option, Program &program, std::string &contraction) {
    char kind[8] = "";
    if (sscanf(option.c_str(), "--gpu-architecture=%7[a-z]_%d", kind, &program.arch) == 2) {
        program.is_ptx = !strcmp(kind, "compute");
        for (int known : archs)
            if (known == program.arch) return Done;
        program.log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
        return InvalidOption;
    }
    if (option == "--fmad=false") contraction = "off";
    // What is the CPU's way too.
    for (const char *known : {"--fmad=", "--prec-div=true", "--prec-sqrt=true", "--ftz=false", "--std=c++17",
                              "--ptxas-options=", "-D", "-lineinfo"})
        if (option.rfind(known, 0) == 0) return Done;
    program.log = "nvrtc: error: unrecognized option " + option + " found\n";
    return InvalidOption;
}

/// The text with the words of CUDA before it, and a way to call each kernel behind it.
std::string whole(const Program &program) {
    std::string text = "#include \"" STANDIN_FOLDER "/kernel.h\"\n# 1 \"" + program.name + "\"\n";
    text += assembly::without(program.text) + "\n";
    for (const char *word : {"\nKERNEL ", "__global__ void "})
        for (size_t at = 0; (at = program.text.find(word, at)) != std::string::npos;) {
            size_t end = program.text.find('(', at += strlen(word));
            text += "STANDIN_KERNEL(" + program.text.substr(at, end - at) + ")\n";
        }
    const char *refused = has_faults() ? getenv("STANDIN_COMPILE_ERROR") : nullptr;
    if (refused && program.name.find(refused) != std::string::npos)
        text += "#error the stand-in was told to refuse this program\n";
    return text;
}

/// Runs the compiler with what it says going to a file. Returns its exit code.
int run(std::vector<std::string> words, const std::string &log) {
    std::vector<char *> arguments;
    for (auto &word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t child;
    int status = posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0 || waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Result compile(Program &program, const std::string &contraction) {
    char folder[] = "/tmp/standin-nvrtc-XXXXXX";
    if (!mkdtemp(folder)) return Internal;
    std::string base = folder, source = base + "/text.cpp", object = base + "/kernels.so", log = base + "/log";
    if (!write(source, whole(program))) return Internal;
    int code =
        run({STANDIN_COMPILER, "-std=c++17", "-O2", "-march=native", "-w", "-fPIC", "-shared", "-ffp-contract=" + contraction,
             "-fno-math-errno", "-fno-exceptions", "-fno-asynchronous-unwind-tables", "-o", object, source, "-lm"},
            log);
    program.log = content(log);
    std::string bytes = content(object);
    for (auto &file : {source, object, log}) unlink(file.c_str());
    rmdir(folder);
    if (code < 0) return Internal;
    if (code != 0) return CompilationFailed;
    ImageHeader header = {{}, (uint32_t)program.arch, program.is_ptx, bytes.size(), hash_of(bytes.data(), bytes.size())};
    memcpy(header.mark, image_mark, sizeof header.mark);
    program.image = std::string((char *)&header, sizeof header) + bytes;
    return Done;
}

std::string ptx(const Program &program) {
    std::string text = ptx_mark;
    for (unsigned char byte : program.image) text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    return text;
}
} // namespace

ENTRY int nvrtcVersion(int *major, int *minor) {
    *major = 12, *minor = 8;
    return Done;
}

ENTRY int nvrtcGetNumSupportedArchs(int *count) {
    *count = (int)archs.size();
    return Done;
}

ENTRY int nvrtcGetSupportedArchs(int *list) {
    std::copy(archs.begin(), archs.end(), list);
    return Done;
}

ENTRY int nvrtcCreateProgram(Program **program, const char *text, const char *name, int headers, const char *const *,
                             const char *const *) {
    if (!program || !text || headers != 0) return InvalidInput;
    *program = new Program{text, name ? name : "default_program", "", ""};
    return Done;
}

ENTRY int nvrtcDestroyProgram(Program **program) {
    if (!program || !*program) return InvalidProgram;
    delete *program;
    *program = nullptr;
    return Done;
}

ENTRY int nvrtcCompileProgram(Program *program, int count, const char *const *options) {
    std::string contraction = "fast";
    for (int i = 0; i < count; i++)
        if (Result result = understand(options[i], *program, contraction)) return result;
    return compile(*program, contraction);
}

ENTRY int nvrtcGetProgramLogSize(Program *program, size_t *size) {
    *size = program->log.size() + 1;
    return Done;
}

ENTRY int nvrtcGetProgramLog(Program *program, char *log) {
    memcpy(log, program->log.c_str(), program->log.size() + 1);
    return Done;
}

ENTRY int nvrtcGetCUBINSize(Program *program, size_t *size) {
    *size = program->is_ptx ? 0 : program->image.size();
    return Done;
}

ENTRY int nvrtcGetCUBIN(Program *program, char *bytes) {
    if (program->is_ptx || program->image.empty()) return InvalidProgram;
    memcpy(bytes, program->image.data(), program->image.size());
    return Done;
}

ENTRY int nvrtcGetPTXSize(Program *program, size_t *size) {
    *size = ptx_mark.size() + 2 * program->image.size() + 1;
    return Done;
}

ENTRY int nvrtcGetPTX(Program *program, char *text) {
    if (program->image.empty()) return InvalidProgram;
    std::string made = ptx(*program);
    memcpy(text, made.c_str(), made.size() + 1);
    return Done;
}

ENTRY const char *nvrtcGetErrorString(int error) {
    switch (error) {
    case Done: return "NVRTC_SUCCESS";
    case InvalidInput: return "NVRTC_ERROR_INVALID_INPUT";
    case InvalidProgram: return "NVRTC_ERROR_INVALID_PROGRAM";
    case InvalidOption: return "NVRTC_ERROR_INVALID_OPTION";
    case CompilationFailed: return "NVRTC_ERROR_COMPILATION";
    default: return "NVRTC_ERROR_INTERNAL_ERROR";
    }
}
