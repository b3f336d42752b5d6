import CMPI
import Foundation

/// What the system says of itself: its files and environment, in one place so that another machine can be played.
public struct Machine: Sendable {
    public var environment: [String: String]
    /// The content of a text file (of /proc, /sys), nil where it isn't there.
    public var text: @Sendable (_ path: String) -> String?
    /// Cores that are online.
    public var onlineCores: Int
    /// Cores that this process may run on; nil where the system doesn't say.
    public var boundCores: Int?
    /// Bytes of a file system: all, and free for us; nil where there is none at the path.
    public var space: @Sendable (_ path: String) -> (total: Int, free: Int)?
    /// Soft limit of a resource; nil: none.
    public var limit: @Sendable (_ resource: Resource) -> Int?
    public var isRoot: Bool

    /// What `getrlimit` limits, by Linux's numbers (RLIMIT_MEMLOCK is a macro that Swift does not import).
    public enum Resource: Int32, Sendable {
        case openFiles = 7
        case lockedMemory = 8
        case addressSpace = 9
    }

    /// The path of a program on PATH; nil where it is in none of its folders.
    public func program(_ name: String) -> String? {
        let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// A whole number in a file or variable.
    func number(_ text: String?) -> Int? { text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } }
}

extension Machine {
    /// This machine, as this process sees it.
    public static var current: Machine {
        Machine(
            environment: ProcessInfo.processInfo.environment,
            text: { try? String(contentsOfFile: $0, encoding: .utf8) },
            onlineCores: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), boundCores: coresOfThisProcess(),
            space: { path in
                var status = statvfs()
                guard statvfs(path, &status) == 0 else { return nil }
                return (Int(status.f_blocks) * Int(status.f_frsize), Int(status.f_bavail) * Int(status.f_frsize))
            },
            limit: { resource in
                var limit = rlimit()
                guard getrlimit(__rlimit_resource_t(UInt32(resource.rawValue)), &limit) == 0 else { return nil }
                // RLIM_INFINITY is all ones; Int holds nothing above half of that.
                return Int(exactly: limit.rlim_cur)
            },
            isRoot: geteuid() == 0)
    }

    private static func coresOfThisProcess() -> Int? {
        var mask = [UInt64](repeating: 0, count: 128)
        let written = mask.withUnsafeMutableBytes { cmpi_affinity($0.baseAddress, UInt($0.count)) }
        return written > 0 ? mask.reduce(0) { $0 + $1.nonzeroBitCount } : nil
    }
}
