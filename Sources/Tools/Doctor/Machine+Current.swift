import CMPI
import Foundation

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
