import Foundation
import Transport

/// Which ranks share which node, and what each node has.
enum NodeCensus {
    private struct Entry: Codable {
        var leader: Int
        var resources: NodeResources
    }

    /// Collective over all ranks of the job; the result is complete at rank 0.
    ///
    /// - Parameter ranks: those that a person asked for: a job of one rank is one, though it runs as two threads.
    @discardableResult static func take(_ world: any Communicator, ranks: Int) throws -> [NodeResources] {
        let node = try world.splitByNode()
        var leader = world.rank
        try withUnsafeMutableBytes(of: &leader) { try node.broadcast($0, root: 0) }
        let own = Entry(leader: leader, resources: NodeResources.current(host: world.host, ranks: [world.rank]))
        guard let all = try world.gatherBytes(Array(JSONEncoder().encode(own))) else { return [] }
        let entries = try all.map { try JSONDecoder().decode(Entry.self, from: Data($0)) }
        if ranks == 1 { return [entries[0].resources] }
        return Dictionary(grouping: entries, by: \.leader).sorted { $0.key < $1.key }.map { _, members in
            var node = members[0].resources
            node.ranks = members.flatMap(\.resources.ranks)
            return node
        }
    }
}
