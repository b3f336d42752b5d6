import Glibc

/// How labels and training documents are cut into topics. The labels of a document are all of one topic.
///
/// Labels and documents are numbered topic after topic here; `TextSet` puts both in random order.
package struct Topics {
    package let labels: Int
    package let count: Int
    /// The first document of each topic, and the number of documents.
    package let firstDocument: [Int]
    private let labelDraw: WeightedDraw
    private let shape: SetShape

    /// A topic has about this many times the labels of a document,
    private static let labelsOfTopic = 4.0
    /// and is expected to show each of its labels this often at least.
    private static let leastShown = 2.0
    /// With this the most frequent label of AmazonTitles-670K and -3M has about as many documents as in the sets that they stand for.
    private static let topicExponent = 0.6, labelExponent = 0.7

    package init(_ shape: SetShape) {
        self.shape = shape
        labels = shape.labels
        let size = min(labels, max(8, Int(shape.labelsPerDocument * Self.labelsOfTopic)))
        count = labels / size
        labelDraw = WeightedDraw(zipf: (labels + count - 1) / count, exponent: Self.labelExponent, shift: 1)
        firstDocument = Self.cut(
            documents: shape.documents, topics: count,
            least: Int((Self.leastShown * Double(size) / shape.labelsPerDocument).rounded(.up)))
    }

    /// Some documents for each topic, and the others as Zipf has it.
    private static func cut(documents: Int, topics: Int, least: Int) -> [Int] {
        let each = min(documents / topics, least), others = Double(documents - each * topics)
        let draw = WeightedDraw(zipf: topics, exponent: topicExponent, shift: 1)
        var first = [0], share = 0.0
        for topic in 1...topics {
            share += draw.probabilities[topic - 1]
            first.append(each * topic + Int((others * share).rounded()))
        }
        first[topics] = documents
        return first
    }

    package func labels(of topic: Int) -> Range<Int> { labels * topic / count..<labels * (topic + 1) / count }

    /// The topic of a document 0 ..< N.
    package func topic(of document: Int) -> Int {
        var low = 0, high = count
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstDocument[middle] <= document { low = middle } else { high = middle }
        }
        return low
    }

    /// Different labels of the topic of `document`, the first of the topic more often.
    ///
    /// - Parameter isSeated: whether the document, being a training document, takes its share of the topic's labels first, so that
    ///   each label has a training document.
    package func labels(ofDocument document: Int, isSeated: Bool, _ random: inout CounterRandom) -> [Int] {
        let topic = topic(of: document), range = labels(of: topic)
        var taken = [Bool](repeating: false, count: range.count), chosen: [Int] = []
        var wanted = min(range.count, random.count(mean: shape.labelsPerDocument))
        if isSeated {
            let documents = firstDocument[topic + 1] - firstDocument[topic]
            chosen = Array(stride(from: document - firstDocument[topic], to: range.count, by: documents))
            if shape.allLabelsFit { wanted = max(wanted, chosen.count) }
            chosen.removeLast(max(0, chosen.count - wanted))
            for label in chosen { taken[label] = true }
        }
        while chosen.count < wanted {
            let label = labelDraw.draw(&random)
            if label >= range.count || taken[label] { continue }
            taken[label] = true
            chosen.append(label)
        }
        return chosen.map { $0 + range.lowerBound }
    }
}
