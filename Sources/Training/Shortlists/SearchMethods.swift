import Checkpoint
import DeepXMLModel
import Transport

/// How module II searches: exactly or by graphs, and over which parts of documents and labels the graphs are built.
///
/// A graph finds other neighbours when it holds other vectors, and which method is quicker depends on the number of
/// queries: so a prediction takes both from the training, whatever it is asked and on how many ranks.
package struct SearchMethods: Equatable {
    package let documents: SearchPlan
    package let labels: SearchPlan
    /// Workers of the group that trained the learner: each built a graph of its own documents and one of its own labels.
    package let workers: Int

    /// Lines for the log.
    package var reasons: [String] { ["documents: \(documents.reason)", "labels: \(labels.reason)"] }

    /// For a learner in training.
    ///
    /// - Parameters:
    ///   - dims: of the vectors.
    ///   - queries: documents to be searched for, training and test.
    package static func choose(_ context: LearnerContext, dims: Int, queries: Int) -> SearchMethods {
        func plan(_ database: Int) -> SearchPlan {
            let section = context.config.extreme
            return SearchPlan.choose(
                queries: queries, database: database, dims: dims, M: section.shortlist.M, efC: section.shortlist.efC,
                efS: section.shortlist.efS)
        }
        return SearchMethods(
            documents: plan(context.data.trainFeatures.rows),
            labels: plan(context.data.labelCount * (context.config.extreme.shortlist.hasLabelText ? 2 : 1)),
            workers: context.group.size)
    }

    /// Those by which the pinned `lists` were found.
    package static func trained(_ lists: CheckpointReader, _ context: LearnerContext, dims: Int) throws -> SearchMethods {
        // No more than documents can be numbered, whatever the file says.
        let queries = context.data.trainFeatures.rows + min(try lists.extent("test.ids").rows, Int(Int32.max))
        let chosen = choose(context, dims: dims, queries: queries)
        func stored(_ name: String, _ plan: SearchPlan) -> SearchPlan {
            lists.state[name].flatMap(SearchPlan.Method.init).map(plan.using) ?? plan
        }
        return SearchMethods(
            documents: stored("search.documents", chosen.documents), labels: stored("search.labels", chosen.labels),
            workers: lists.shardCount)
    }

    /// For the checkpoint of the lists.
    package var state: [String: String] {
        ["search.documents": documents.method.rawValue, "search.labels": labels.method.rawValue]
    }

    /// Which of the training's workers' parts worker `rank` of `size` takes over.
    package func parts(of rank: Int, of size: Int) -> Range<Int> { evenRanges(workers, parts: size)[rank] }
}
