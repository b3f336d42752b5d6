import Foundation
import Glibc

/// Who holds a lock: enough to tell on its own host whether the process still runs, whatever the clocks say.
public struct LockHolder: Codable, Sendable, Equatable {
    public var host: String
    public var pid: Int32
    /// When the lock was taken, for a person.
    public var started: String
    /// Start of the process in clock ticks since the boot: process numbers are used again.
    public var processStart: UInt64
    /// The current boot of this machine, and the namespace of its process numbers (containers have their own).
    public var boot: String
    public var pidNamespace: String
    /// SLURM's job and how often it was queued again, where there is one.
    public var job: String?
    public var restarts: Int?

    public static func current() -> LockHolder {
        var name = [CChar](repeating: 0, count: 257)
        gethostname(&name, name.count - 1)
        let environment = ProcessInfo.processInfo.environment
        return LockHolder(
            host: String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self), pid: getpid(),
            started: Date().ISO8601Format(), processStart: process(getpid())?.start ?? 0,
            boot: (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
                .trimmingCharacters(in: .whitespacesAndNewlines) ?? "",
            pidNamespace: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? "",
            job: environment["SLURM_JOB_ID"], restarts: Int(environment["SLURM_RESTART_COUNT"] ?? "0"))
    }

    /// The same process of the same boot, whenever it took which lock.
    func isSameProcess(as other: LockHolder) -> Bool {
        host == other.host && pid == other.pid && processStart == other.processStart && boot == other.boot
            && pidNamespace == other.pidNamespace
    }

    enum State { case alive, dead, unknown }

    /// What the process `observer` can tell about this holder.
    func state(seenBy observer: LockHolder) -> State {
        // SLURM queues a job again only after it has ended.
        if let job, job == observer.job, let restarts, let later = observer.restarts, later > restarts { return .dead }
        guard !boot.isEmpty, !pidNamespace.isEmpty, host == observer.host, boot == observer.boot,
            pidNamespace == observer.pidNamespace
        else { return .unknown }
        guard let process = Self.process(pid), process.start == processStart, process.state != "Z", process.state != "X" else {
            return .dead
        }
        return .alive
    }

    /// State and start of a process of this host; nil where there is none of that number.
    private static func process(_ pid: Int32) -> (state: String, start: UInt64)? {
        // The second field is the program's name, in parentheses, and may hold anything.
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), let end = text.lastIndex(of: ")")
        else {
            return nil
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let start = UInt64(fields[19]) else { return nil }
        return (String(fields[0]), start)
    }

    /// `process 123 on node1 (SLURM job 77), since 2026-01-01T00:00:00Z`.
    var text: String { "process \(pid) on \(host)" + (job.map { " (SLURM job \($0))" } ?? "") + ", since \(started)" }
}
