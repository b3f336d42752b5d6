import Foundation

/// What decides speed on one core, and the memory behind it.
struct ProcessorChecks {
    let machine: Machine

    func all() -> [Diagnosis] { [vectors(), ProductCheck().diagnosis(), hugePages()] }

    private func vectors() -> Diagnosis {
        let line = machine.text("/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
        let flags = Set(line.split(separator: " ").map(String.init))
        let known = [
            ("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_bf16", "AVX-512 BF16"), ("amx_bf16", "AMX BF16"),
        ]
        let found = known.filter { flags.contains($0.0) }.map(\.1)
        if flags.contains("avx2") { return .ok("processor", found.joined(separator: ", ")) }
        return .warn(
            "processor", "no AVX2", "training works, several times slower: in a virtual machine, pass the host's CPU through")
    }

    private func hugePages() -> Diagnosis {
        guard let text = machine.text("/sys/kernel/mm/transparent_hugepage/enabled") else {
            return .warn("huge pages", "the system does not say", "nothing: classifier rows may be read more slowly")
        }
        let choice = text.split(separator: "[").last.flatMap { $0.split(separator: "]").first }.map(String.init) ?? "unknown"
        if ["always", "madvise"].contains(choice) { return .ok("huge pages", choice) }
        return .warn(
            "huge pages", choice, "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled makes large classifiers faster")
    }
}
