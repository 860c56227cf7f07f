/** The story of one chart, by people with a keyboard alone, who see where the focus is at every stop. */
import { Typist } from "./_people.mjs";
import { tell } from "./_story.mjs";

tell(Typist, "by keyboard alone");
