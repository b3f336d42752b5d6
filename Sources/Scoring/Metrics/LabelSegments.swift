/// Labels by how often they are trained on: head, torso and tail, each with about a third of all training pairs.
///
/// Labels are put in order of their number of training documents, the most frequent first (ties: the smaller id). A label
/// is in the head where fewer than a third of all (document, label) pairs of the training file stand before it, in the
/// torso where fewer than two thirds do, else in the tail; labels without a training document are in the tail.
public struct LabelSegments: Sendable {
    public static let names = ["head", "torso", "tail"]
    /// Of each label: an index of `names`.
    public let segment: [UInt8]

    /// - Parameter labelCounts: training documents of each label, counted over the whole training file.
    public init(labelCounts: [Int32]) {
        let order = labelCounts.indices.sorted { (-labelCounts[$0], $0) < (-labelCounts[$1], $1) }
        let pairs = labelCounts.reduce(0) { $0 + Int($1) }
        var segment = [UInt8](repeating: 2, count: labelCounts.count)
        var before = 0
        for label in order where labelCounts[label] > 0 {
            segment[label] = UInt8(3 * before / pairs)
            before += Int(labelCounts[label])
        }
        self.segment = segment
    }
}

/// What the labels of one segment add to precision and recall; the segments' figures add up to those of all labels.
public struct SegmentTable: Codable, Sendable, Equatable {
    /// Labels of the segment.
    public var labels: Int
    /// (test document, label) pairs of the truth.
    public var pairs: Int
    /// Hits in the segment at 1 … k, divided by k·documents, in per cent.
    public var P: [Double]
    /// The mean over documents of hits in the segment by all labels of the document, in per cent.
    public var R: [Double]

    public init(labels: Int, pairs: Int, P: [Double], R: [Double]) {
        self.labels = labels
        self.pairs = pairs
        self.P = P
        self.R = R
    }
}
