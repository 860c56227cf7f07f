/** The story of one chart, by people with a mouse. */
import { Person } from "./_people.mjs";
import { tell } from "./_story.mjs";

tell(Person, "by mouse");
