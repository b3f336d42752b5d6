import Foundation
import Messages
import Testing

/// Trees as the kernel shows them, under a folder of the test's own.
@Suite struct ControlGroupTests {
    private func left(_ groups: String, _ files: [String: String]) throws -> Int? {
        let root = NSTemporaryDirectory() + "cgroup-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        for (path, text) in files.merging(["proc/self/cgroup": groups], uniquingKeysWith: { $1 }) {
            let url = URL(fileURLWithPath: "\(root)/\(path)")
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("\(text)\n".utf8).write(to: url)
        }
        return ControlGroup(root: root).memoryLeft
    }

    @Test func theNearestLimitOfAllAncestorsOfAJob() throws {
        let job = "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7"
        let files = [
            "\(job)/step_0/memory.max": "max", "\(job)/step_0/memory.current": "10",
            "\(job)/memory.max": "1000", "\(job)/memory.current": "400", "\(job)/memory.stat": "anon 100\ninactive_file 300",
            "sys/fs/cgroup/system.slice/memory.max": "5000", "sys/fs/cgroup/system.slice/memory.current": "4200",
        ]
        #expect(try left("0::/system.slice/slurmstepd.scope/job_7/step_0", files) == 800)
        #expect(
            try left("0::/system.slice/slurmstepd.scope/job_7", files.merging(["\(job)/memory.current": "900"]) { $1 }) == 400)
    }

    @Test func theFirstVersion() throws {
        let files = [
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1000", "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "700",
            "sys/fs/cgroup/memory/a/memory.stat": "inactive_file 1\ntotal_inactive_file 200",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "5",
        ]
        #expect(try left("3:cpu,cpuacct:/a\n2:memory:/a/b", files) == 500)
        #expect(try left("2:memory:/elsewhere", files) == nil)
    }

    @Test func aGroupThatIsOverItsLimitLeavesNothing() throws {
        let files = ["sys/fs/cgroup/memory.max": "100", "sys/fs/cgroup/memory.current": "101"]
        #expect(try left("0::/", files) == 0)
    }

    @Test func noGroupsNoLimit() throws {
        #expect(try left("", [:]) == nil && ControlGroup(root: "/nowhere").memoryLeft == nil)
    }
}
