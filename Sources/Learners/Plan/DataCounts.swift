/// What a learner will hold that doesn't follow from the sizes of its data: counted on some of the labels before it is trained.
package struct DataCounts: Sendable, Equatable {
    /// Entries of all label means.
    package var meanEntries: Int
    /// Weights that all classifiers keep.
    package var weights: Int
    /// Bytes of all labels' tables of these (`WeightTables`).
    package var tableBytes: Int

    package init(meanEntries: Int = 0, weights: Int, tableBytes: Int = 0) {
        (self.meanEntries, self.weights, self.tableBytes) = (meanEntries, weights, tableBytes)
    }
}
