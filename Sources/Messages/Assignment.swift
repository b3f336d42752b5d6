/// What the coordinator tells every rank once the plan stands; or that the run ends here, with an exit code.
package struct Assignment: Codable, Sendable {
    /// nil: go on.
    package var exitCode: Int32?
    /// World ranks of each group.
    package var groups: [[Int]] = []
    /// Threads of each world rank.
    package var threads: [Int] = []
    /// The mapped data set.
    package var cacheFile = ""
    /// Files of V×D token embeddings, by their name in the config.
    package var embeddings: [String: String] = [:]
    /// Content of those files.
    package var embeddingsFingerprint = ""

    package init(
        exitCode: Int32? = nil, groups: [[Int]] = [], threads: [Int] = [], cacheFile: String = "",
        embeddings: [String: String] = [:], embeddingsFingerprint: String = ""
    ) {
        self.exitCode = exitCode
        self.groups = groups
        self.threads = threads
        self.cacheFile = cacheFile
        self.embeddings = embeddings
        self.embeddingsFingerprint = embeddingsFingerprint
    }

    package func group(of rank: Int) -> Int? { groups.firstIndex { $0.contains(rank) } }
}
