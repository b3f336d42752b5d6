import Devices
import Support

/// A set of labels that balanced 2-means cuts in two: node `index` of 2^level.
public struct ClusterNode: Sendable, Equatable {
    public let level: Int
    public let index: Int
    /// Ascending.
    public let labels: [Int32]

    public init(level: Int, index: Int, labels: [Int32]) {
        self.level = level
        self.index = index
        self.labels = labels
    }

    /// The halves: labels whose `side` is 0, and the others.
    func halves(side: Buffer<UInt8>) -> [ClusterNode] {
        [0, 1].map { which in
            ClusterNode(
                level: level + 1, index: 2 * index + which,
                labels: labels.indices.filter { (side[$0] == 0) == (which == 0) }.map { labels[$0] })
        }
    }

    /// Two distinct random places among the labels, where 2-means begins; drawn by (seed, level, index) alone.
    func firstMembers(seed: Int) -> (first: Int, second: Int) {
        let words = philox(key: surrogateKey(seed, .split), counter: [0, UInt32(index), UInt32(level), 0])
        let first = Int((UInt64(words[0]) * UInt64(labels.count)) >> 32)
        let second = Int((UInt64(words[1]) * UInt64(labels.count - 1)) >> 32)
        return (first, second >= first ? second + 1 : second)
    }
}

/// A cluster of the surrogate task.
public struct LabelCluster: Sendable, Equatable {
    public let id: Int
    /// Ascending.
    public let labels: [Int32]
}

/// What random numbers of module I are for; keeps their streams apart.
package enum SurrogatePurpose: UInt32 {
    case walk = 0x5741_4c4b
    case split = 0x5350_4c54
}

/// The two key words of Philox for a seed and a purpose.
package func surrogateKey(_ seed: Int, _ purpose: SurrogatePurpose) -> (UInt32, UInt32) {
    let bits = UInt64(bitPattern: Int64(seed))
    return (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32) ^ purpose.rawValue)
}
