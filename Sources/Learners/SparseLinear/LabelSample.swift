/// Some labels that stand for all of them. None is drawn at random: the same labels make the same sample.
package struct LabelSample: Sendable, Equatable {
    /// Ascending.
    package let labels: [Int]
    /// How many labels each stands for.
    package let weights: [Double]

    private init(_ labels: [Int], _ weights: [Double]) { (self.labels, self.weights) = (labels, weights) }

    /// Evenly spread over L labels; all of them where there are no more than `count`.
    package init(_ count: Int, of labels: Int) {
        let count = min(max(count, 1), labels)
        self.init((0..<count).map { $0 * labels / count }, Array(repeating: Double(labels) / Double(count), count: count))
    }

    /// About `count` of these, a label the likelier the larger it is, and standing for the fewer others: large labels make most of a
    /// sum. (Systematic sampling with probabilities proportional to size: Madow 1949.)
    ///
    /// - Parameter size: of a label, above 0.
    package func proportional(_ count: Int, to size: (_ label: Int) -> Double) -> LabelSample {
        if count >= labels.count { return self }
        let shares = zip(labels, weights).map { size($0) * $1 }, step = shares.reduce(0, +) / Double(max(count, 1))
        var chosen: [Int] = [], chosenWeights: [Double] = [], sum = 0.0, next = step / 2
        for (label, share) in zip(labels, shares) {
            sum += share
            var hits = 0
            while next < sum {
                hits += 1
                next += step
            }
            if hits == 0 { continue }
            chosen.append(label)
            chosenWeights.append(Double(hits) * step / size(label))
        }
        return LabelSample(chosen, chosenWeights)
    }

    /// What a figure of each of these labels is in all, over all labels.
    package func total(_ figure: (_ place: Int) -> Int) -> Int {
        Int(weights.indices.reduce(0.0) { $0 + weights[$1] * Double(figure($1)) }.rounded())
    }
}
