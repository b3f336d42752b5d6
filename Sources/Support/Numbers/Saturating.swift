extension Int {
    /// The whole number nearest to zero's side of a value, the largest or smallest one where there is none so far out, and 0 of what is
    /// no number. `Int(_: Double)` would end the process: for figures that are shown, and for counts that are bounded afterwards.
    public init(saturating value: Double) {
        self = Int(exactly: value.rounded(.towardZero)) ?? (value.isNaN ? 0 : value < 0 ? .min : .max)
    }
}
