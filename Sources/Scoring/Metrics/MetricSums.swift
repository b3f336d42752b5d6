/// Sums over documents of the numerators and denominators of all metrics at 1 … k.
package struct MetricSums: Sendable {
    package var rows = 0
    package var precision: [Double]
    package var gain: [Double]
    package var recall: [Double]
    package var propensity: [Double], bestPropensity: [Double]
    package var propensityGain: [Double], bestPropensityGain: [Double]

    package init(k: Int) {
        let zeros = [Double](repeating: 0, count: k)
        (precision, gain, recall) = (zeros, zeros, zeros)
        (propensity, bestPropensity, propensityGain, bestPropensityGain) = (zeros, zeros, zeros, zeros)
    }

    package mutating func add(_ other: MetricSums) {
        rows += other.rows
        for j in precision.indices {
            precision[j] += other.precision[j]
            gain[j] += other.gain[j]
            recall[j] += other.recall[j]
            propensity[j] += other.propensity[j]
            bestPropensity[j] += other.bestPropensity[j]
            propensityGain[j] += other.propensityGain[j]
            bestPropensityGain[j] += other.bestPropensityGain[j]
        }
    }

    /// Adds a document with `labels` > 0 labels.
    ///
    /// - Parameters:
    ///   - hits: whether the label at each of the k ranks is one of the document's.
    ///   - weights: 1/p of the hits, 0 elsewhere.
    ///   - best: 1/p of the document's labels, the k largest, descending, padded with 0.
    package mutating func add(hits: [Bool], weights: [Double], best: [Double], labels: Int, discounts: [Double]) {
        rows += 1
        var count = 0.0
        var gained = 0.0
        var weight = 0.0
        var weightGained = 0.0
        var top = 0.0
        var topGained = 0.0
        var ideal = 0.0
        for j in discounts.indices {
            if hits[j] {
                count += 1
                gained += discounts[j]
            }
            weight += weights[j]
            weightGained += weights[j] * discounts[j]
            top += best[j]
            topGained += best[j] * discounts[j]
            if j < labels { ideal += discounts[j] }
            precision[j] += count / Double(j + 1)
            recall[j] += count / Double(labels)
            gain[j] += gained / ideal
            propensity[j] += weight
            bestPropensity[j] += top
            propensityGain[j] += weightGained / ideal
            bestPropensityGain[j] += topGained / ideal
        }
    }

    package var table: MetricTable {
        func percent(_ sums: [Double], of whole: (Int) -> Double) -> [Double] {
            sums.indices.map { whole($0) != 0 ? 100 * sums[$0] / whole($0) : 0 }
        }
        let rows = Double(rows)
        return MetricTable(
            P: percent(precision) { _ in rows }, nDCG: percent(gain) { _ in rows },
            PSP: percent(propensity) { bestPropensity[$0] }, PSnDCG: percent(propensityGain) { bestPropensityGain[$0] },
            R: percent(recall) { _ in rows })
    }
}
