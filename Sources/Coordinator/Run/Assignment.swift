import Worker

/// What the coordinator tells every rank once the plan stands; or that the run ends here, with an exit code.
struct Assignment: Codable, Sendable {
    /// nil: go on.
    var exitCode: Int32?
    /// World ranks of each group.
    var groups: [[Int]] = []
    /// Threads of each world rank.
    var threads: [Int] = []
    /// The mapped data set.
    var cacheFile = ""
    /// Files of V×D token embeddings, by their name in the config.
    var embeddings: [String: String] = [:]
    /// Content of those files.
    var embeddingsFingerprint = ""

    func group(of rank: Int) -> Int? { groups.firstIndex { $0.contains(rank) } }
}
