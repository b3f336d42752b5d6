import Support

// The numbers of a cache file that may be a stranger's.
extension XCDataset {
    /// What a model's folder has for prediction, its numbers checked.
    ///
    /// - Parameter hasDocuments: false: the documents are left out, so that they need not be looked at.
    /// - Throws: `Failure(.usage)` where the file is missing, cut off or of another version, or a number is out of range.
    public static func ofModel(cacheFile: String, hasDocuments: Bool) throws -> XCDataset {
        let whole = try map(cacheFile: cacheFile), checks = RangeChecks(of: cacheFile)
        try whole.checkLabels(checks)
        guard hasDocuments else { return whole.withoutFeatures }
        try whole.checkDocuments(checks)
        return whole
    }

    /// What is known of the labels, and where matrices' rows begin.
    ///
    /// - Throws: `Failure(.usage)` with the first number that is out of range.
    func checkLabels(_ checks: RangeChecks) throws {
        try checks.indices(labelIds, of: "label ids", below: labelCountInFile)
        try checks.ascending(labelIds, of: "label ids")
        try checks.notNegative(labelCounts, of: "label counts")
        try trainDocuments.check("documents of labels", checks)
        try labelFeatures?.checkStarts("label texts", checks)
    }

    /// Training documents and the labels' texts, as searches read them. After `checkLabels`.
    ///
    /// - Throws: `Failure(.usage)` with the first number that is out of range.
    func checkDocuments(_ checks: RangeChecks) throws {
        try trainFeatures.check("training features", checks)
        try trainLabels.check("training labels", checks)
        try labelFeatures?.check("label texts", checks)
        let counts = Buffer<Int32>(count: labelCount)
        for label in trainLabels.indices.all { counts[Int(label)] += 1 }
        for label in 0..<labelCount where Int(counts[label]) != trainDocuments.range(label).count {
            throw checks.refusal(
                "documents of labels", label, found: "\(trainDocuments.range(label).count) documents",
                expected: "\(counts[label]), as the training labels have it")
        }
    }

    /// All that is left.
    func checkOthers(_ checks: RangeChecks) throws {
        try testFeatures.check("test features", checks)
        try testLabels.check("test labels", checks)
        try testFilter.check("test filter", checks)
        try validation?.features.check("validation features", checks)
        try validation?.labels.check("validation labels", checks)
        try validation?.filter.check("validation filter", checks)
    }
}

extension CSRMatrix {
    /// - Throws: `Failure(.usage)` where rows do not begin in their order, or end elsewhere than the entries.
    fileprivate func checkStarts(_ name: String, _ checks: RangeChecks) throws {
        try checks.starts(starts, of: "\(name), starts", rows: rows, entries: nonZeros)
    }

    /// The same, or where a column is none.
    fileprivate func check(_ name: String, _ checks: RangeChecks) throws {
        try checkStarts(name, checks)
        try checks.indices(indices, of: name, below: cols)
    }
}
