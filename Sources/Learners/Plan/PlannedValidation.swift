import Datasets

/// Validation in a plan.
package struct PlannedValidation: Sendable, Equatable {
    package var documents: Int
    /// Epochs from one validation to the next.
    package var every: Int
    /// Times that the trained learner is measured beside these, for settings that are tuned.
    package var trials: Int
    /// Learners whose scores are held at once while their weights in the ensemble are tuned; 0: they are not.
    package var weighed: Int
    /// Bytes that the ranks of a node map together, beside the rest of the data set.
    package var mappedBytes: Int

    package init(documents: Int, every: Int = 1, trials: Int = 0, weighed: Int = 0, mappedBytes: Int = 0) {
        (self.documents, self.every, self.trials) = (documents, every, trials)
        (self.weighed, self.mappedBytes) = (weighed, mappedBytes)
    }

    /// Times that a module of so many epochs is measured.
    package func times(epochs: Int) -> Int { (epochs + every - 1) / max(1, every) }

    /// Bytes of scores, a label and a score of 8 bytes each, of so many lists of the documents.
    package func bytes(lists: Int, topK: Int, labels: Int) -> Int { 8 * documents * min(topK, max(labels, 1)) * lists }
}

extension HeldOutDocuments {
    /// Bytes as ranks map them: features with values, labels and what is left out of predictions without.
    package var mappedBytes: Int {
        8 * features.nonZeros + 4 * (labels.nonZeros + filter.nonZeros) + 3 * 8 * (features.rows + 1)
    }
}

extension LearnerCosts {
    /// Once, as the test documents are scored.
    package func seconds(of validation: PlannedValidation, cores: Double) -> Double {
        predictionSeconds(documents: validation.documents, cores: cores)
    }

    /// Seconds of scoring so many documents as the test documents are.
    package func predictionSeconds(documents: Int, cores: Double) -> Double {
        let prediction = stageSeconds(cores: cores).last?.seconds ?? 0, test = problem.size.testDocuments
        return test > 0 ? prediction * Double(documents) / Double(test) : 0
    }

    /// Nothing is measured in training: the scores go to the coordinator block by block, as those of the test documents do.
    package func worker(_ validation: PlannedValidation, _ share: WorkerShare) -> [MemoryEstimate.Part] { [] }
}
