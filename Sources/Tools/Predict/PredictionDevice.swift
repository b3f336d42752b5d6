import Devices
import Foundation
import Support
import Transport

/// What the ranks of a prediction compute on.
struct PredictionDevice: Codable {
    private var leader: Int
    private var host: String
    private var visible: VisibleGPUs

    /// The device of this rank; nil: the CPU. Collective over all ranks.
    ///
    /// - Parameter notice: is told what was chosen, where that is worth a line.
    /// - Throws: the same `Failure` on all ranks where a GPU is asked for and a rank sees none; else what opening it says.
    static func open(
        _ request: DeviceRequest, fastMath: Bool, _ world: any Communicator, team: ThreadTeam, notice: (String) -> Void
    ) throws -> (any Device)? {
        let node = try world.splitByNode()
        var leader = world.rank
        try withUnsafeMutableBytes(of: &leader) { try node.broadcast($0, root: 0) }
        let own = PredictionDevice(leader: leader, host: world.host, visible: GPUs.visible(request, fastMath: fastMath))
        let all = try world.allgatherBytes(Array(JSONEncoder().encode(own))).map {
            try JSONDecoder().decode(PredictionDevice.self, from: Data($0))
        }
        let workers = all.enumerated().map { DeviceChoice.Worker(rank: $0, host: $1.host, visible: $1.visible) }
        let nodes = Dictionary(grouping: workers) { all[$0.rank].leader }.sorted { $0.key < $1.key }.map(\.value)
        let choice = try DeviceChoice(request, nodes: nodes, fastMath: fastMath)
        if let text = choice.text { notice(text) }
        return try GPUs.open(choice.devices[world.rank] ?? .cpu, team: team)
    }
}
