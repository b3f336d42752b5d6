import Foundation
import Support

/// Memory, and the limits on what a process may take.
struct MemoryChecks {
    let machine: Machine
    private static let gibibyte = 1 << 30

    func all() -> [Diagnosis] { [memory(), sharedMemory(), openFiles(), lockedMemory(), addressSpace()] }

    private func memory() -> Diagnosis {
        let field = { (name: String) -> Int? in
            let line = machine.text("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }.map { $0 * 1024 }
        }
        guard let available = field("MemAvailable") else {
            return .warn("memory", "the system does not say", "nothing: runs are not checked against it")
        }
        // Control groups, version 2 and 1; without a limit they say "max", or a number near 2⁶³.
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let limit = limits.lazy.compactMap { machine.number(machine.text($0)) }.first { $0 < 1 << 60 }
        let usages = ["/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes"]
        let used = usages.lazy.compactMap { machine.number(machine.text($0)) }.first ?? 0
        let free = min(available, limit.map { max(0, $0 - used) } ?? available)
        var found = "\(Quantity.bytes(free)) free"
        if let limit { found += ", this container is limited to \(Quantity.bytes(limit))" }
        if free >= Self.gibibyte { return .ok("memory", found) }
        return .warn("memory", found, "compare with what --dry-run says a rank needs; use more nodes, or a larger limit")
    }

    /// Open MPI passes messages between ranks of a node through files of /dev/shm: 4 MiB a rank and more.
    private func sharedMemory() -> Diagnosis {
        guard let space = machine.space("/dev/shm") else {
            return .warn("/dev/shm", "missing", "mount it, or export OMPI_MCA_btl_vader_backing_directory=/tmp")
        }
        let found = "\(Quantity.bytes(space.free)) free of \(Quantity.bytes(space.total))"
        if space.free < 8 << 20 {
            return .fail(
                "/dev/shm", found, "remove what other jobs left there (ls /dev/shm), or give the container --shm-size=1g")
        }
        if space.free >= 64 << 20 { return .ok("/dev/shm", found) }
        return .warn("/dev/shm", found, "enough for a few ranks; a container wants --shm-size=1g")
    }

    private func openFiles() -> Diagnosis {
        guard let limit = machine.limit(.openFiles) else { return .ok("open files", "no limit") }
        if limit >= 1024 { return .ok("open files", "limit \(Quantity.count(limit))") }
        return .warn("open files", "limit \(limit)", "ulimit -n 4096: mpirun needs some for each rank")
    }

    private func lockedMemory() -> Diagnosis {
        guard let limit = machine.limit(.lockedMemory) else { return .ok("locked memory", "no limit") }
        let found = "limit \(Quantity.bytes(limit))"
        let usesFabric = FileManager.default.fileExists(atPath: "/dev/infiniband")
        if !usesFabric || limit >= Self.gibibyte { return .ok("locked memory", found) }
        return .warn("locked memory", found, "InfiniBand wants ulimit -l unlimited (limits.conf: memlock)")
    }

    private func addressSpace() -> Diagnosis {
        guard let limit = machine.limit(.addressSpace) else { return .ok("address space", "no limit") }
        return .warn(
            "address space", "limit \(Quantity.bytes(limit))", "ulimit -v unlimited: mapped files count as well as memory")
    }
}
