//! Which part of a directed graph everything in it can reach and be reached from.

/// For each node whether it belongs to the largest strongly connected part (Tarjan, without recursion).
/// `first`/`to` are the arcs leaving each node, in rows.
pub(crate) fn largest_part(first: &[u32], to: &[u32]) -> Vec<bool> {
    let n = first.len().saturating_sub(1);
    let mut search = Search {
        order: vec![0; n],
        low: vec![0; n],
        part: vec![u32::MAX; n],
        stack: Vec::new(),
        sizes: Vec::new(),
        clock: 0,
    };
    for root in 0..n as u32 {
        if search.order[root as usize] == 0 {
            search.from(root, first, to);
        }
    }
    let best = (0..search.sizes.len()).max_by_key(|&p| (search.sizes[p], std::cmp::Reverse(p)));
    search.part.iter().map(|&p| Some(p as usize) == best).collect()
}

struct Search {
    order: Vec<u32>,
    low: Vec<u32>,
    part: Vec<u32>,
    stack: Vec<u32>,
    sizes: Vec<u32>,
    clock: u32,
}

impl Search {
    fn enter(&mut self, node: u32) {
        self.clock += 1;
        self.order[node as usize] = self.clock;
        self.low[node as usize] = self.clock;
        self.stack.push(node);
    }

    fn from(&mut self, root: u32, first: &[u32], to: &[u32]) {
        let mut path = vec![(root, first[root as usize])];
        self.enter(root);
        while let Some((node, arc)) = path.last_mut() {
            let v = *node as usize;
            if *arc < first[v + 1] {
                let next = to[*arc as usize];
                *arc += 1;
                if self.order[next as usize] == 0 {
                    self.enter(next);
                    path.push((next, first[next as usize]));
                } else if self.part[next as usize] == u32::MAX {
                    self.low[v] = self.low[v].min(self.order[next as usize]);
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                self.low[*parent as usize] = self.low[*parent as usize].min(self.low[v]);
            }
            if self.low[v] == self.order[v] {
                self.close(v as u32);
            }
        }
    }

    fn close(&mut self, root: u32) {
        let number = self.sizes.len() as u32;
        let mut size = 0;
        while let Some(node) = self.stack.pop() {
            self.part[node as usize] = number;
            size += 1;
            if node == root {
                break;
            }
        }
        self.sizes.push(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_one_way_dead_end_is_left_out() {
        // 0 → 1 → 2 → 0 is a ring, 2 → 3 leads out of it, 4 stands alone.
        let first = [0, 1, 2, 4, 4, 4];
        let to = [1, 2, 0, 3];
        assert_eq!(largest_part(&first, &to), [true, true, true, false, false]);
    }
}
