import Checkpoint
import Foundation
import Support
import Transport

/// Which ranks share which node, what each node has, and whether all ranks are the same program.
package enum NodeCensus {
    private struct Entry: Codable {
        var leader: Int
        var resources: NodeResources
        /// nil: of a version that did not say.
        var program: String?
        var gpus: VisibleGPUs?
    }

    /// What rank 0 learns of the others; empty elsewhere.
    package struct Result: Sendable {
        package var nodes: [NodeResources] = []
        /// Of each rank.
        fileprivate var programs: [String?] = []
        package var hosts: [String] = []
        /// What each rank sees; of a job of one rank, its worker.
        package var gpus: [VisibleGPUs] = []
    }

    /// Collective over all ranks of the job; the result is complete at rank 0.
    ///
    /// - Parameters:
    ///   - ranks: those that a person asked for: a job of one rank is one, though it runs as two threads.
    ///   - program: `ProgramIdentity.current()` by default.
    ///   - gpus: that this process sees.
    @discardableResult package static func take(
        _ world: any Communicator, ranks: Int, program: String? = nil, gpus: VisibleGPUs = VisibleGPUs()
    ) throws -> Result {
        let node = try world.splitByNode()
        var leader = world.rank
        try withUnsafeMutableBytes(of: &leader) { try node.broadcast($0, root: 0) }
        let own = Entry(
            leader: leader, resources: NodeResources.current(host: world.host, ranks: [world.rank]),
            program: program ?? ProgramIdentity.current(), gpus: gpus)
        guard let all = try world.gatherBytes(Array(JSONEncoder().encode(own))) else { return Result() }
        let entries = try all.map { try JSONDecoder().decode(Entry.self, from: Data($0)) }
        let programs = entries.map(\.program), hosts = entries.map(\.resources.host)
        let seen = entries.map { $0.gpus ?? VisibleGPUs() }
        if ranks == 1 {
            return Result(nodes: [entries[0].resources], programs: programs, hosts: hosts, gpus: Array(seen.suffix(1)))
        }
        let nodes = Dictionary(grouping: entries, by: \.leader).sorted { $0.key < $1.key }.map { _, members in
            var node = members[0].resources
            node.ranks = members.flatMap(\.resources.ranks)
            return node
        }
        return Result(nodes: nodes, programs: programs, hosts: hosts, gpus: seen)
    }
}

extension NodeCensus.Result {
    /// Rank 0 compares the others' program with its own.
    ///
    /// - Throws: `Failure(.usage)` that names the ranks with another one, and their hosts.
    package func checkPrograms() throws {
        guard let own = programs.first else { return }
        let others = programs.indices.filter { programs[$0] != own }
        guard let other = others.first else { return }
        let places = Set(others.map { hosts[$0] }).sorted().joined(separator: ", ")
        throw Failure(
            .usage, "ranks run different builds of deepxml-dist", at: "\(ranksText(others)) on \(places)",
            found: (programs[other] ?? nil) ?? "a version that does not say which it is",
            expected: "\(own ?? "?"), as rank 0 on \(hosts[0])",
            advice: "install the same file on all hosts, or start it from a folder that all of them share")
    }
}

/// Which program a rank is: all ranks of a job must be the same file, byte for byte.
package enum ProgramIdentity {
    /// Version and checksum of this process's own program file; the version alone where it cannot be read.
    package static func current() -> String {
        let file = try? CRC32.ofFile("/proc/self/exe")
        return programVersion + (file.map { " (build \($0.hex))" } ?? "")
    }
}
