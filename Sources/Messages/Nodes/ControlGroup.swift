import Foundation

/// What the control groups of this process leave it of memory: those of a container, or of a job under SLURM.
package struct ControlGroup {
    /// Where `proc` and `sys` are: another folder in tests.
    private let root: String

    package init(root: String = "") { self.root = root }

    /// Bytes up to the nearest limit of the process's group or of one above it, pages of files that can be dropped not
    /// counted as used; nil: there is no limit.
    package var memoryLeft: Int? {
        guard let groups = text("\(root)/proc/self/cgroup") else { return nil }
        return groups.split(separator: "\n").compactMap { line -> Int? in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return nil }
            if fields[1].isEmpty { return left("\(root)/sys/fs/cgroup", fields[2], .second) }
            guard fields[1].split(separator: ",").contains("memory") else { return nil }
            return left("\(root)/sys/fs/cgroup/memory", fields[2], .first)
        }.min()
    }

    /// Names of the files in the two versions of control groups.
    private enum Version {
        case first, second
        var limit: String { self == .first ? "memory.limit_in_bytes" : "memory.max" }
        var used: String { self == .first ? "memory.usage_in_bytes" : "memory.current" }
        var droppable: String { self == .first ? "total_inactive_file " : "inactive_file " }
    }

    /// The path of a group seen from within a container may not be there: then only its ancestors are.
    private func left(_ mount: String, _ path: Substring, _ version: Version) -> Int? {
        var parts = path.split(separator: "/"), limits: [Int] = []
        while true {
            let folder = ([mount] + parts.map(String.init)).joined(separator: "/")
            if let own = left(folder, version) { limits.append(own) }
            if parts.popLast() == nil { return limits.min() }
        }
    }

    private func left(_ folder: String, _ version: Version) -> Int? {
        guard let limit = text("\(folder)/\(version.limit)").flatMap({ Int($0) }), limit < 1 << 60,
            let used = text("\(folder)/\(version.used)").flatMap({ Int($0) })
        else { return nil }
        let statistics = text("\(folder)/memory.stat")?.split(separator: "\n").first { $0.hasPrefix(version.droppable) }
        let droppable = statistics.flatMap { Int($0.dropFirst(version.droppable.count)) } ?? 0
        return max(0, limit - max(0, used - droppable))
    }

    private func text(_ path: String) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
