import Datasets
import Support

/// Documents of more tokens than an encoder reads.
public enum LongDocuments {
    /// - Parameter longest: tokens of a document that are read, at most.
    /// - Returns: a sentence for the person; nil: there are none.
    public static func notice(_ data: XCDataset, longest: Int) -> String? {
        let train = lengths(data.trainFeatures), test = lengths(data.testFeatures)
        let long = [train, test].map { $0.count { $0 > longest } }
        guard long[0] + long[1] > 0 else { return nil }
        let most = max(train.max() ?? 0, test.max() ?? 0)
        return
            "\(Quantity.count(long[0])) of \(Quantity.plural(train.count, "training document")) and \(Quantity.count(long[1])) of "
            + "\(Quantity.plural(test.count, "test document")) have more than \(Quantity.plural(longest, "token")), the longest "
            + "\(Quantity.count(most)): the encoder reads the first \(Quantity.count(longest)) of each (max_tokens or positions of the "
            + "arch file)"
    }

    /// Tokens of a document that are read, on average over training and test documents and rounded up.
    static func meanTokens(_ data: XCDataset, longest: Int) -> Int {
        let read = (lengths(data.trainFeatures) + lengths(data.testFeatures)).map { min($0, longest) }
        return read.isEmpty ? 0 : 1 + read.reduce(0, +) / read.count
    }

    private static func lengths(_ features: CSRMatrix) -> [Int] { (0..<features.rows).map { features.range($0).count } }
}
