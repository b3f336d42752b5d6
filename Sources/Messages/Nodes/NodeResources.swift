import Foundation

/// What one node offers, and which ranks run there.
public struct NodeResources: Sendable, Equatable, Codable {
    public var host: String
    public var cores: Int
    /// Bytes that processes can still take without swapping; nil where the system doesn't say.
    public var availableBytes: Int?
    /// World ranks on this node, ascending.
    public var ranks: [Int]

    public init(host: String, cores: Int, availableBytes: Int?, ranks: [Int]) {
        self.host = host
        self.cores = cores
        self.availableBytes = availableBytes
        self.ranks = ranks
    }

    /// The node that this process runs on, within its control group's limits.
    public static func current(host: String, ranks: [Int]) -> NodeResources {
        NodeResources(
            host: host, cores: cores(online: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), contents),
            availableBytes: memory(contents), ranks: ranks)
    }

    /// Online cores, or the share of them that the control group's quota grants. What SLURM grants, its batch files say by `--threads`. Not this process's affinity: mpirun binds
    /// each rank to a part of the node, and the ranks together have all of it.
    ///
    /// - Parameter contents: of a file of the system, without blanks around it; tests give their own.
    package static func cores(online: Int, _ contents: (String) -> String?) -> Int {
        let online = max(1, online)
        guard let quota = contents("/sys/fs/cgroup/cpu.max")?.split(separator: " "), quota.count == 2,
            let granted = Double(quota[0]), let period = Double(quota[1]), period > 0
        else { return online }
        return min(online, max(1, Int(saturating: (granted / period).rounded())))
    }

    /// Bytes that processes can still take, within the control group's limit; nil where the system doesn't say.
    package static func memory(_ contents: (String) -> String?) -> Int? {
        let field = contents("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        let system = field.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }.map { $0 * 1024 }
        return [system, ControlGroup().memoryLeft].compactMap { $0 }.min()
    }

    private static func contents(_ path: String) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
