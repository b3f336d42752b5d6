import Support

/// A data set of a given shape that no file is needed for: learnable, with Zipf's frequencies, the same for the same seed.
///
/// Each document is made by itself from its number, so that nothing but the order of labels, tokens and documents is held.
package struct TextSet {
    package struct Document {
        /// Ascending and different.
        package let labels: [Int32]
        /// Columns ascending and different, values above 0.
        package let features: [(column: Int32, value: Float)]
    }

    package enum Part: String, CaseIterable, Sendable {
        case training = "trn", test = "tst"
    }

    package let shape: SetShape
    package let topics: Topics
    private let tokens: TokenChoice
    private let seed: UInt64
    private let labelOrder: [Int32], tokenOrder: [Int32], documentOrder: [Int32]

    /// - Throws: `Failure` where no set has such a shape.
    package init(_ shape: SetShape, seed: UInt64) throws {
        try shape.check()
        self.shape = shape
        self.seed = seed
        topics = Topics(shape)
        tokens = TokenChoice(shape, seed: seed)
        func order(_ purpose: CounterRandom.Purpose, _ count: Int) -> [Int32] {
            var random = CounterRandom(seed: seed, purpose)
            return random.order(count)
        }
        labelOrder = order(.labelOrder, shape.labels)
        tokenOrder = order(.tokenOrder, shape.features)
        documentOrder = order(.documentOrder, shape.documents)
    }

    package func documents(_ part: Part) -> Int { part == .training ? shape.documents : shape.testDocuments }

    /// The document in row `row` of a part.
    package func document(_ part: Part, _ row: Int) -> Document {
        var random = CounterRandom(seed: seed, part == .training ? .training : .test, index: row)
        // A test document is like some training document: it has its topic.
        let like = part == .training ? Int(documentOrder[row]) : random.below(shape.documents)
        let labels = topics.labels(ofDocument: like, isSeated: part == .training, &random)
        let features = tokens.tokens(labels: labels, topic: topics.topic(of: like), &random)
        return Document(
            labels: labels.map { labelOrder[$0] }.sorted(),
            features: features.map { (column: tokenOrder[$0.rank], value: $0.weight) }.sorted { $0.column < $1.column })
    }
}

extension TextSet {
    /// Writes `trn_X_Xf.txt`, `trn_X_Y.txt`, `tst_X_Xf.txt` and `tst_X_Y.txt`; the folder is made where it is missing.
    ///
    /// - Parameter progress: called after every thousandth document, with those written and those wanted.
    /// - Throws: `Failure` where the folder can't be written.
    package func write(to folder: String, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }) throws {
        try makeFolder(folder)
        var done = 0
        for part in Part.allCases {
            let rows = documents(part), stem = "\(folder)/\(part.rawValue)_X"
            var features = try TextRows(path: "\(stem)_Xf.txt", rows: rows, columns: shape.features)
            var labels = try TextRows(path: "\(stem)_Y.txt", rows: rows, columns: shape.labels)
            for row in 0..<rows {
                let document = document(part, row)
                try features.write(features: document.features)
                try labels.write(labels: document.labels)
                done += 1
                if done % 1000 == 0 { progress(done, shape.documents + shape.testDocuments) }
            }
            try features.commit()
            try labels.commit()
        }
    }
}
