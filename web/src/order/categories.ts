import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";

/** The categories of one shop, off its own shelf: the service only lists those of all. */
export function useCategoriesOf(shop: number | undefined): string[] | undefined {
  const found = useQuery({
    queryKey: ["shops", shop, "categories"],
    enabled: shop !== undefined,
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const query = { ...(shop === undefined ? {} : { shop }), limit: 100 };
      const page = await answer(api.GET("/api/menu-items", { params: { query }, signal }));
      return [...new Set(page.items.map(item => item.category))].sort();
    },
  });
  return found.data;
}
