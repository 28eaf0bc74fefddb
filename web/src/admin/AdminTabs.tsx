import { NavLink } from "react-router";
import { useTexts } from "../texts/texts";

export function AdminTabs() {
  const t = useTexts();
  return (
    <nav className="chips" aria-label={t.frame.admin}>
      <NavLink to="/admin" end className="chip">
        {t.admin.overview}
      </NavLink>
      <NavLink to="/admin/people" className="chip">
        {t.admin.people}
      </NavLink>
      <NavLink to="/admin/audit" className="chip">
        {t.admin.audit}
      </NavLink>
      <NavLink to="/shop" className="chip">
        {t.admin.allShops}
      </NavLink>
    </nav>
  );
}
