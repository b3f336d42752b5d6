import Glibc

/// The tokens of documents: those of their labels and of their topic, and noise, all of them Zipf's.
package struct TokenChoice {
    private let draw: WeightedDraw
    /// By rank: 1 + ln(N ÷ the documents to be expected), and 1 at least.
    private let idf: [Float]
    private let seed: UInt64
    private let mean: Double

    private static let tokensOfLabel = 3, tokensOfTopic = 5
    /// Of 100 tokens so many are the topic's, and so many a label's; the others are noise.
    private static let ofTopic = 35, ofLabel = 45

    package init(_ shape: SetShape, seed: UInt64) {
        draw = WeightedDraw(zipf: shape.features, exponent: 1, shift: 2.7)
        mean = shape.tokensPerDocument
        idf = draw.probabilities.map { max(1, 1 - Float(log($0 * shape.tokensPerDocument))) }
        self.seed = seed
    }

    /// Different tokens, by rank, and their weights tf·idf, where tf is 1 + ln of how often the document has it.
    package func tokens(labels: [Int], topic: Int, _ random: inout CounterRandom) -> [(rank: Int, weight: Float)] {
        let count = random.count(mean: mean)
        var ranks: [Int] = []
        ranks.reserveCapacity(count)
        for _ in 0..<count {
            let kind = random.below(100)
            if kind < Self.ofTopic {
                ranks.append(own(.topicTokens, topic, random.below(Self.tokensOfTopic)))
            } else if kind < Self.ofTopic + Self.ofLabel {
                ranks.append(own(.labelTokens, labels[random.below(labels.count)], random.below(Self.tokensOfLabel)))
            } else {
                ranks.append(draw.draw(&random))
            }
        }
        return weighted(ranks.sorted())
    }

    /// The `number`th token of a label or topic: a hash of both.
    private func own(_ purpose: CounterRandom.Purpose, _ owner: Int, _ number: Int) -> Int {
        var random = CounterRandom(seed: seed, purpose, index: owner * 8 + number)
        return draw.draw(&random)
    }

    private func weighted(_ sorted: [Int]) -> [(rank: Int, weight: Float)] {
        var tokens: [(rank: Int, weight: Float)] = [], start = 0
        for end in 1...sorted.count where end == sorted.count || sorted[end] != sorted[start] {
            tokens.append((sorted[start], idf[sorted[start]] * (1 + log(Float(end - start)))))
            start = end
        }
        return tokens
    }
}
