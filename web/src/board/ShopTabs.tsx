import { NavLink } from "react-router";
import { useTexts } from "../texts/texts";

export function ShopTabs() {
  const t = useTexts();
  return (
    <nav className="chips" aria-label={t.frame.board}>
      <NavLink to="/shop" end className="chip">
        {t.board.orders}
      </NavLink>
      <NavLink to="/shop/stock" className="chip">
        {t.board.stock}
      </NavLink>
    </nav>
  );
}
