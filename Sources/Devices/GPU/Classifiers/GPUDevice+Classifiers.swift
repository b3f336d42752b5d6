// Steps of classifiers.
extension GPUDevice {
    public func oneVsAll(_ task: ClassifierTask, precision: ClassifierPrecision) -> any ClassifierOperation {
        GPUOneVsAll(task, precision: precision, on: self)
    }

    public func shortlists(_ task: ClassifierTask, sizes: ShortlistSizes, negatives: NegativeShortlists)
        -> any ShortlistOperation
    {
        GPUShortlists(task, sizes: sizes, negatives: negatives, on: self)
    }
}
