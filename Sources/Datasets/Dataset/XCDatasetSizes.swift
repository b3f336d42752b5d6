import Formats
import Support

extension XCDatasetFiles {
    /// Where the headers of training and test files contradict each other: both are then taken to have the larger number of columns,
    /// which is right where a program wrote only as many as it used, and wrong where a file is another data set's.
    ///
    /// Pickles are passed over, which would have to be read.
    public func sizeNotices() -> [String] {
        var others = [(testFeatures, testLabels)]
        if case .files(let features, let labels)? = validation { others.append((features, labels)) }
        let sizes = others.flatMap { features, labels in
            [notice(trainFeatures, features, .features, "feature"), notice(trainLabels, labels, .labels, "label")]
        }
        return sizes.compactMap { $0 } + ([trainLabels] + others.map(\.1)).compactMap(oddNotice)
    }

    private func oddNotice(_ name: String) -> String? {
        MatrixFile.oddLabel(path: path(name)).map { entry in
            "\(name) has values other than 1, such as \(entry): any but 0 counts as a label; check that it holds labels"
        }
    }

    private func notice(_ train: String, _ test: String, _ kind: MatrixFile.Kind, _ noun: String) -> String? {
        guard featureType != .dense || kind == .labels, let first = columns(train, kind), let second = columns(test, kind),
            first != second
        else { return nil }
        return
            "\(train) says \(Quantity.plural(first, noun)), \(test) \(Quantity.count(second)): \(Quantity.count(max(first, second))) "
            + "are taken; check that both files are of the same version of the data set"
    }

    private func columns(_ name: String, _ kind: MatrixFile.Kind) -> Int? {
        guard let format = try? MatrixFile.format(path: path(name)), ![.pickle, .densePickle].contains(format.layout) else {
            return nil
        }
        return try? MatrixFile.shape(path: path(name), kind: kind).cols
    }
}
